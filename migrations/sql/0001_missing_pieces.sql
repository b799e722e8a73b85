-- What older versions of the former server lack and can be added without losing anything: the tables of bots, and every
-- column that allows NULL or has a default. What is there stays as it is.

CREATE TABLE IF NOT EXISTS bots (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    display_name varchar NOT NULL
);

CREATE TABLE IF NOT EXISTS bot_tokens (
    id uuid PRIMARY KEY,
    bot_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_user_id uuid NOT NULL,
    secret_hash varchar NOT NULL
);

ALTER TABLE IF EXISTS users
    ADD COLUMN IF NOT EXISTS is_admin boolean DEFAULT false,
    ADD COLUMN IF NOT EXISTS is_active boolean DEFAULT true;
ALTER TABLE IF EXISTS envs
    ADD COLUMN IF NOT EXISTS node_selector jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS tolerations jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS auto_add_new_users boolean DEFAULT false;
ALTER TABLE IF EXISTS helm_registries
    ADD COLUMN IF NOT EXISTS fa_icon varchar NOT NULL DEFAULT 'question',
    ADD COLUMN IF NOT EXISTS provider varchar NOT NULL DEFAULT 'Ecr';
ALTER TABLE IF EXISTS helm_charts
    ADD COLUMN IF NOT EXISTS error varchar,
    ADD COLUMN IF NOT EXISTS tag_format_id uuid,
    ADD COLUMN IF NOT EXISTS parsed_version varchar,
    ADD COLUMN IF NOT EXISTS parsed_revision varchar,
    ADD COLUMN IF NOT EXISTS parsed_branch varchar,
    ADD COLUMN IF NOT EXISTS parsed_commit varchar;
ALTER TABLE IF EXISTS k8s_clusters
    ADD COLUMN IF NOT EXISTS is_ok boolean NOT NULL DEFAULT true,
    ADD COLUMN IF NOT EXISTS not_ok_reason varchar,
    ADD COLUMN IF NOT EXISTS ingress_domain varchar,
    ADD COLUMN IF NOT EXISTS ingress_class varchar,
    ADD COLUMN IF NOT EXISTS ingress_tls_secret_name varchar,
    ADD COLUMN IF NOT EXISTS grafana_url varchar,
    ADD COLUMN IF NOT EXISTS grafana_datasource_name varchar;
ALTER TABLE IF EXISTS deployments
    ADD COLUMN IF NOT EXISTS description_md varchar,
    ADD COLUMN IF NOT EXISTS reported_status jsonb,
    ADD COLUMN IF NOT EXISTS values_override jsonb NOT NULL DEFAULT '{}';
ALTER TABLE IF EXISTS deployment_tasks
    ADD COLUMN IF NOT EXISTS execute_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS first_attempted_at timestamptz,
    ADD COLUMN IF NOT EXISTS started_at timestamptz,
    ADD COLUMN IF NOT EXISTS finished_at timestamptz,
    ADD COLUMN IF NOT EXISTS acting_deployment_id uuid,
    ADD COLUMN IF NOT EXISTS canceled_by_user_id uuid,
    ADD COLUMN IF NOT EXISTS canceled_by_deployment_id uuid,
    ADD COLUMN IF NOT EXISTS reason varchar;
ALTER TABLE IF EXISTS deployment_resources
    ADD COLUMN IF NOT EXISTS sync_reason varchar;
