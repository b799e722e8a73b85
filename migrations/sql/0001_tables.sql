-- The tables and their columns. Keys, checks and indexes follow in 0001_constraints.sql, because an adopted
-- database already has the tables and gets only the rest.

CREATE TABLE users (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    display_name varchar NOT NULL,
    email varchar NOT NULL,
    is_admin boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true
);

CREATE TABLE user_tokens (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    secret_hash varchar NOT NULL
);

CREATE TABLE bots (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    display_name varchar NOT NULL
);

CREATE TABLE bot_tokens (
    id uuid PRIMARY KEY,
    bot_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_user_id uuid NOT NULL,
    secret_hash varchar NOT NULL
);

CREATE TABLE envs (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    name varchar NOT NULL,
    node_selector jsonb NOT NULL DEFAULT '{}',
    tolerations jsonb NOT NULL DEFAULT '{}',
    auto_add_new_users boolean NOT NULL DEFAULT false
);

CREATE TABLE env_user_permissions (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    env_id uuid NOT NULL,
    user_id uuid NOT NULL,
    role varchar NOT NULL
);

CREATE TABLE deployment_kinds (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    name varchar NOT NULL
);

CREATE TABLE deployment_permissions (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    env_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind_id uuid NOT NULL,
    role varchar NOT NULL
);

CREATE TABLE helm_registries (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    domain_name varchar NOT NULL,
    repo_name varchar NOT NULL,
    kind_id uuid NOT NULL,
    available boolean NOT NULL DEFAULT true,
    fa_icon varchar NOT NULL DEFAULT 'question',
    provider varchar NOT NULL DEFAULT 'Ecr'
);

CREATE TABLE helm_tag_formats (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    pattern varchar NOT NULL
);

CREATE TABLE helm_charts (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL,
    helm_registry_id uuid NOT NULL,
    image_digest varchar NOT NULL,
    image_tag varchar NOT NULL,
    available boolean NOT NULL DEFAULT true,
    values_ui jsonb,
    actions_schema jsonb,
    features jsonb,
    resource_types jsonb,
    error varchar,
    warnings jsonb,
    tag_format_id uuid,
    parsed_version varchar,
    parsed_revision varchar,
    parsed_branch varchar,
    parsed_commit varchar
);

CREATE TABLE k8s_clusters (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    env_id uuid,
    provider_id varchar NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    name varchar NOT NULL,
    region_name varchar NOT NULL,
    is_ok boolean NOT NULL DEFAULT true,
    not_ok_reason varchar,
    ignore boolean NOT NULL DEFAULT true,
    ingress_domain varchar,
    ingress_class varchar,
    ingress_tls_secret_name varchar,
    grafana_url varchar,
    grafana_datasource_name varchar
);

CREATE TABLE deployments (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    name varchar NOT NULL,
    kind_id uuid NOT NULL,
    cluster_id uuid NOT NULL,
    enabled boolean NOT NULL DEFAULT true,
    status varchar NOT NULL DEFAULT 'Unknown',
    description_md varchar,
    reason varchar,
    revision_id uuid,
    reported_status jsonb,
    helm_chart_id uuid NOT NULL,
    config jsonb NOT NULL DEFAULT '{}',
    values_override jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE deployment_tasks (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    execute_at timestamptz NOT NULL DEFAULT now(),
    first_attempted_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    cluster_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    acting_user_id uuid,
    acting_bot_id uuid,
    acting_deployment_id uuid,
    canceled_by_user_id uuid,
    canceled_by_bot_id uuid,
    canceled_by_deployment_id uuid,
    operation jsonb NOT NULL,
    status varchar NOT NULL,
    reason varchar,
    claimed_by uuid
);

CREATE TABLE deployment_resource_types (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    env_id uuid,
    deployment_kind_id uuid NOT NULL,
    key varchar NOT NULL,
    spec jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE deployment_resources (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    type_id uuid NOT NULL,
    deployment_id uuid,
    name varchar NOT NULL,
    exists boolean NOT NULL DEFAULT true,
    props jsonb NOT NULL DEFAULT '{}',
    sync_status varchar NOT NULL DEFAULT 'Creating',
    sync_reason varchar
);

CREATE TABLE k8s_resources (
    id uuid PRIMARY KEY,
    last_updated_at timestamptz NOT NULL DEFAULT now(),
    cluster_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    kind varchar NOT NULL,
    api_version varchar NOT NULL,
    name varchar NOT NULL,
    status_color varchar[] NOT NULL,
    metadata jsonb NOT NULL
);

CREATE TABLE secrets (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    env_id uuid NOT NULL,
    collection varchar NOT NULL,
    name varchar NOT NULL,
    contents varchar NOT NULL
);

CREATE TABLE settings (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    key varchar NOT NULL,
    value varchar NOT NULL
);
