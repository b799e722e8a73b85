-- The database of the former Platz server at version 20260613184500, for the tests of its adoption
-- (docs/contract/data-model.md, "Adoption of an older database"): with the constraints that were lost, the columns that allow NULL, and the trigger that always fails.

-- The embedded server has no extension uuid-ossp; this stands in for it.
CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql AS $$ SELECT gen_random_uuid() $$;

CREATE TABLE __diesel_schema_migrations (
    version varchar(50) PRIMARY KEY,
    run_on timestamp NOT NULL DEFAULT current_timestamp
);
INSERT INTO __diesel_schema_migrations (version) VALUES
    ('00000000000000enableuuid'), ('00000000000001notifyfunction'),
    ('20210314120000adduserstable'), ('20210314120500addenvstable'), ('20210314121000envuserpermissions'),
    ('20210314141500addk8sclusters'), ('20210317120900addhelmtables'), ('20210317152800adddeploymenttable'),
    ('20210401171100deploymenttasks'), ('20211005100900deploymentpermissions'), ('20211106101500settingstale'),
    ('20211110120700addsecretstable'), ('20220213163600k8sresourcestable'), ('20220311102600deploymentresources'),
    ('20220317110600deploymenresourcesconstraints'), ('20220414074500clustergrafanafields'),
    ('20220420164500clusterdomaintlssecret'), ('20220421173000deploymenttaskcluster'),
    ('20220422093800uniqueenvname'), ('20220422234000deploymentauth'), ('20220423121500autoadduserstoenv'),
    ('20220527123300helmtagformat'), ('20220622203300k8sresourceclusterid'), ('20220723103300helmregistrykind'),
    ('20220903105000clusteringressclass'), ('20221002140158deploymenttasksindices'), ('20230116082916'),
    ('20230523092404'), ('20230724112654'), ('20230904120624'), ('20231011120347'), ('20231121144147'),
    ('20231215095608'), ('20240131145515'), ('20240217195400canceldeploymenttasks'),
    ('20240828202600deploymentkindonlyid'), ('20240831095523deploymentkindtriggers'),
    ('20240831102801deploymentkindnotnull'), ('20240831105935addbots'), ('20240911173524addbottokens'),
    ('20260509120000'), ('20260613184500');

CREATE FUNCTION diesel_set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW IS DISTINCT FROM OLD AND NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN
        NEW.updated_at := current_timestamp;
    END IF;
    RETURN NEW;
END $$;

CREATE TABLE users (
    id uuid CONSTRAINT users_primary PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    display_name varchar NOT NULL,
    email varchar NOT NULL,
    is_admin boolean DEFAULT false,
    is_active boolean DEFAULT true
);
CREATE TABLE user_tokens (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    secret_hash varchar NOT NULL
);
CREATE TABLE bots (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    display_name varchar NOT NULL
);
CREATE TABLE bot_tokens (
    id uuid PRIMARY KEY,
    bot_id uuid NOT NULL REFERENCES bots (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by_user_id uuid NOT NULL REFERENCES users (id),
    secret_hash varchar NOT NULL
);
CREATE TABLE envs (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    name varchar NOT NULL,
    node_selector jsonb NOT NULL DEFAULT '{}',
    tolerations jsonb NOT NULL DEFAULT '{}',
    auto_add_new_users boolean DEFAULT false
);
CREATE UNIQUE INDEX envs__name_insensitive ON envs (lower(name));
CREATE TABLE env_user_permissions (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    env_id uuid NOT NULL REFERENCES envs (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role varchar NOT NULL
);
CREATE UNIQUE INDEX env_user_role_env_user ON env_user_permissions (env_id, user_id);
CREATE TABLE deployment_kinds (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    name varchar NOT NULL
);
CREATE UNIQUE INDEX deployment_kinds__name ON deployment_kinds (name);
CREATE TABLE deployment_permissions (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    env_id uuid NOT NULL REFERENCES envs (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role varchar NOT NULL,
    kind_id uuid NOT NULL REFERENCES deployment_kinds (id)
);
CREATE TABLE k8s_clusters (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    env_id uuid REFERENCES envs (id),
    provider_id varchar NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    name varchar NOT NULL,
    region_name varchar NOT NULL,
    is_ok boolean NOT NULL DEFAULT true,
    not_ok_reason varchar,
    ignore boolean DEFAULT true,
    grafana_url varchar,
    grafana_datasource_name varchar,
    ingress_domain varchar UNIQUE,
    ingress_tls_secret_name varchar,
    ingress_class varchar
);
CREATE TABLE helm_registries (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    domain_name varchar NOT NULL,
    repo_name varchar NOT NULL,
    available boolean NOT NULL DEFAULT true,
    fa_icon varchar NOT NULL DEFAULT 'question',
    kind_id uuid NOT NULL REFERENCES deployment_kinds (id),
    provider varchar NOT NULL DEFAULT 'Ecr',
    UNIQUE (domain_name, repo_name)
);
CREATE TABLE helm_tag_formats (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    pattern varchar NOT NULL UNIQUE
);
CREATE TABLE helm_charts (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL,
    helm_registry_id uuid NOT NULL REFERENCES helm_registries (id) ON DELETE CASCADE,
    image_digest varchar NOT NULL,
    image_tag varchar NOT NULL,
    available boolean NOT NULL DEFAULT true,
    values_ui jsonb,
    actions_schema jsonb,
    features jsonb,
    resource_types jsonb,
    error varchar,
    tag_format_id uuid REFERENCES helm_tag_formats (id),
    parsed_version varchar,
    parsed_revision varchar,
    parsed_branch varchar,
    parsed_commit varchar
);
CREATE TABLE deployments (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    name varchar NOT NULL,
    cluster_id uuid NOT NULL REFERENCES k8s_clusters (id) ON DELETE CASCADE,
    enabled boolean DEFAULT true,
    status varchar DEFAULT 'Unknown',
    description_md varchar,
    reason varchar,
    revision_id uuid,
    reported_status jsonb,
    helm_chart_id uuid REFERENCES helm_charts (id) ON DELETE CASCADE,
    config jsonb NOT NULL DEFAULT '{}',
    values_override jsonb NOT NULL DEFAULT '{}',
    kind_id uuid NOT NULL REFERENCES deployment_kinds (id)
);
CREATE TABLE deployment_tasks (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    first_attempted_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    deployment_id uuid NOT NULL REFERENCES deployments (id) ON DELETE CASCADE,
    operation jsonb NOT NULL,
    status varchar NOT NULL,
    reason varchar,
    cluster_id uuid NOT NULL REFERENCES k8s_clusters (id),
    acting_user_id uuid REFERENCES users (id),
    acting_deployment_id uuid REFERENCES deployments (id),
    execute_at timestamptz NOT NULL DEFAULT now(),
    canceled_by_user_id uuid REFERENCES users (id),
    canceled_by_deployment_id uuid REFERENCES deployments (id),
    CONSTRAINT one_acting CHECK ((acting_user_id IS NULL) <> (acting_deployment_id IS NULL)),
    CONSTRAINT canceled_by CHECK (canceled_by_user_id IS NULL OR canceled_by_deployment_id IS NULL)
);
ALTER TABLE deployments ADD FOREIGN KEY (revision_id) REFERENCES deployment_tasks (id);
CREATE INDEX deployment_tasks_cluster_id ON deployment_tasks (cluster_id);
CREATE INDEX deployment_tasks_created_at ON deployment_tasks (created_at);
CREATE INDEX deployment_tasks_deployment_id ON deployment_tasks (deployment_id);
CREATE INDEX deployment_tasks_status ON deployment_tasks (status);
CREATE INDEX deployment_tasks_execute_at ON deployment_tasks (execute_at);
CREATE TABLE deployment_resource_types (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    env_id uuid REFERENCES envs (id) ON DELETE CASCADE,
    key varchar NOT NULL CHECK (length(key) > 0),
    spec jsonb NOT NULL DEFAULT '{}',
    deployment_kind_id uuid NOT NULL REFERENCES deployment_kinds (id)
);
CREATE TABLE deployment_resources (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    type_id uuid NOT NULL REFERENCES deployment_resource_types (id) ON DELETE CASCADE,
    deployment_id uuid REFERENCES deployments (id) ON DELETE SET NULL,
    name varchar NOT NULL CHECK (length(name) > 0),
    exists boolean DEFAULT true,
    props jsonb NOT NULL DEFAULT '{}',
    sync_status varchar NOT NULL DEFAULT 'Creating',
    sync_reason varchar
);
CREATE UNIQUE INDEX deployment_resources_type_id_name ON deployment_resources (type_id, name);
CREATE TABLE k8s_resources (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    last_updated_at timestamptz NOT NULL DEFAULT now(),
    cluster_id uuid NOT NULL REFERENCES k8s_clusters (id) ON DELETE CASCADE,
    deployment_id uuid NOT NULL REFERENCES deployments (id) ON DELETE CASCADE,
    kind varchar NOT NULL,
    api_version varchar NOT NULL,
    name varchar NOT NULL,
    status_color varchar[] NOT NULL,
    metadata jsonb NOT NULL
);
CREATE INDEX k8s_resources_last_updated_at ON k8s_resources (last_updated_at);
CREATE TABLE secrets (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    env_id uuid NOT NULL REFERENCES envs (id) ON DELETE CASCADE,
    collection varchar NOT NULL,
    name varchar NOT NULL,
    contents varchar NOT NULL
);
CREATE UNIQUE INDEX secrets_env_id_collection_name ON secrets (env_id, collection, name);
CREATE TRIGGER set_updated_at BEFORE UPDATE ON secrets
    FOR EACH ROW EXECUTE FUNCTION diesel_set_updated_at();
CREATE TABLE settings (
    id uuid PRIMARY KEY DEFAULT uuid_generate_v4(),
    created_at timestamptz NOT NULL DEFAULT now(),
    key varchar NOT NULL UNIQUE,
    value varchar NOT NULL
);

-- The rules of resource types, whose body still names the dropped column `deployment_kind`: every insert fails.
CREATE FUNCTION deployment_resource_types_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM deployment_resource_types WHERE deployment_kind = NEW.deployment_kind) THEN
        RAISE unique_violation;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deployment_resource_types_rules BEFORE INSERT ON deployment_resource_types
    FOR EACH ROW EXECUTE FUNCTION deployment_resource_types_rules();

CREATE FUNCTION notify_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed record;
BEGIN
    changed := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    PERFORM pg_notify('db_notifications', '{"timestamp":"' || current_timestamp || '","operation":"' || TG_OP
        || '","schema":"' || TG_TABLE_SCHEMA || '","table":"' || TG_TABLE_NAME || '","data":{"id":"' || changed.id
        || '"}}');
    RETURN NULL;
END $$;
CREATE FUNCTION notify_specific_trigger_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('db_' || TG_TABLE_NAME || '_notifications', '{"operation":"' || TG_OP || '"}');
    RETURN NULL;
END $$;
DO $$
DECLARE
    notified text;
BEGIN
    FOREACH notified IN ARRAY ARRAY['users', 'envs', 'env_user_permissions', 'k8s_clusters', 'helm_charts', 'deployments',
        'deployment_tasks', 'deployment_permissions', 'settings', 'secrets', 'k8s_resources', 'deployment_resource_types',
        'deployment_resources', 'helm_tag_formats', 'deployment_kinds', 'bots']
    LOOP
        EXECUTE format('CREATE TRIGGER notify_changes AFTER INSERT OR UPDATE OR DELETE ON %I
            FOR EACH ROW EXECUTE FUNCTION notify_trigger(''id'')', notified);
    END LOOP;
    FOREACH notified IN ARRAY ARRAY['deployment_tasks', 'deployments', 'deployment_resources', 'helm_tag_formats'] LOOP
        EXECUTE format('CREATE TRIGGER notify_%s_changes AFTER INSERT OR UPDATE OR DELETE ON %I
            FOR EACH ROW EXECUTE FUNCTION notify_specific_trigger_name(''id'')', notified, notified);
    END LOOP;
END $$;
CREATE TRIGGER helm_registries_notify AFTER INSERT OR UPDATE OR DELETE ON helm_registries
    FOR EACH ROW EXECUTE FUNCTION notify_trigger('id');
