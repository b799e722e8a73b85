-- The rules of the former server's database, for tables from which all rules were dropped (docs/contract/data-model.md, "Handing a database back"):
-- what its programs rely on, at the version of its stable releases, but no rule that would stop them.

ALTER TABLE users ALTER is_admin DROP NOT NULL, ALTER is_active DROP NOT NULL;
ALTER TABLE envs ALTER auto_add_new_users DROP NOT NULL;
ALTER TABLE k8s_clusters ALTER ignore DROP NOT NULL;
ALTER TABLE deployments ALTER enabled DROP NOT NULL, ALTER status DROP NOT NULL, ALTER helm_chart_id DROP NOT NULL;
ALTER TABLE deployment_resources ALTER exists DROP NOT NULL;
ALTER TABLE k8s_resources ALTER id SET DEFAULT gen_random_uuid();

ALTER TABLE user_tokens ADD CONSTRAINT user_tokens_user_id_fkey
    FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE bot_tokens
    ADD CONSTRAINT bot_tokens_bot_id_fkey FOREIGN KEY (bot_id) REFERENCES bots (id) ON DELETE CASCADE,
    ADD CONSTRAINT bot_tokens_created_by_user_id_fkey FOREIGN KEY (created_by_user_id) REFERENCES users (id);
ALTER TABLE env_user_permissions
    ADD CONSTRAINT env_user_permissions_env_id_fkey FOREIGN KEY (env_id) REFERENCES envs (id) ON DELETE CASCADE,
    ADD CONSTRAINT env_user_permissions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE deployment_permissions
    ADD CONSTRAINT deployment_permissions_env_id_fkey FOREIGN KEY (env_id) REFERENCES envs (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployment_permissions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployment_permissions_kind_id_fkey FOREIGN KEY (kind_id) REFERENCES deployment_kinds (id);
ALTER TABLE helm_registries
    ADD CONSTRAINT helm_registries_domain_name_repo_name_key UNIQUE (domain_name, repo_name),
    ADD CONSTRAINT helm_registries_kind_id_fkey FOREIGN KEY (kind_id) REFERENCES deployment_kinds (id);
ALTER TABLE helm_tag_formats ADD CONSTRAINT helm_tag_formats_pattern_key UNIQUE (pattern);
ALTER TABLE helm_charts
    ADD CONSTRAINT helm_charts_helm_registry_id_fkey
        FOREIGN KEY (helm_registry_id) REFERENCES helm_registries (id) ON DELETE CASCADE,
    ADD CONSTRAINT helm_charts_tag_format_id_fkey FOREIGN KEY (tag_format_id) REFERENCES helm_tag_formats (id);
ALTER TABLE k8s_clusters
    ADD CONSTRAINT k8s_clusters_provider_id_key UNIQUE (provider_id),
    ADD CONSTRAINT k8s_clusters_ingress_domain_key UNIQUE (ingress_domain),
    ADD CONSTRAINT k8s_clusters_env_id_fkey FOREIGN KEY (env_id) REFERENCES envs (id);
ALTER TABLE deployments
    ADD CONSTRAINT deployments_kind_id_fkey FOREIGN KEY (kind_id) REFERENCES deployment_kinds (id),
    ADD CONSTRAINT deployments_cluster_id_fkey
        FOREIGN KEY (cluster_id) REFERENCES k8s_clusters (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployments_revision_id_fkey FOREIGN KEY (revision_id) REFERENCES deployment_tasks (id),
    ADD CONSTRAINT deployments_helm_chart_id_fkey
        FOREIGN KEY (helm_chart_id) REFERENCES helm_charts (id) ON DELETE CASCADE;
ALTER TABLE deployment_tasks
    ADD CONSTRAINT deployment_tasks_acting_check
        CHECK ((acting_user_id IS NULL) <> (acting_deployment_id IS NULL)) NOT VALID,
    ADD CONSTRAINT deployment_tasks_canceled_by_check
        CHECK (canceled_by_user_id IS NULL OR canceled_by_deployment_id IS NULL),
    ADD CONSTRAINT deployment_tasks_cluster_id_fkey FOREIGN KEY (cluster_id) REFERENCES k8s_clusters (id),
    ADD CONSTRAINT deployment_tasks_deployment_id_fkey
        FOREIGN KEY (deployment_id) REFERENCES deployments (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployment_tasks_acting_user_id_fkey FOREIGN KEY (acting_user_id) REFERENCES users (id),
    ADD CONSTRAINT deployment_tasks_acting_deployment_id_fkey
        FOREIGN KEY (acting_deployment_id) REFERENCES deployments (id),
    ADD CONSTRAINT deployment_tasks_canceled_by_user_id_fkey FOREIGN KEY (canceled_by_user_id) REFERENCES users (id),
    ADD CONSTRAINT deployment_tasks_canceled_by_deployment_id_fkey
        FOREIGN KEY (canceled_by_deployment_id) REFERENCES deployments (id);
ALTER TABLE deployment_resource_types
    ADD CONSTRAINT deployment_resource_types_key_check CHECK (length(key) > 0),
    ADD CONSTRAINT deployment_resource_types_env_id_fkey
        FOREIGN KEY (env_id) REFERENCES envs (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployment_resource_types_deployment_kind_id_fkey
        FOREIGN KEY (deployment_kind_id) REFERENCES deployment_kinds (id);
ALTER TABLE deployment_resources
    ADD CONSTRAINT deployment_resources_name_check CHECK (length(name) > 0),
    ADD CONSTRAINT deployment_resources_type_id_fkey
        FOREIGN KEY (type_id) REFERENCES deployment_resource_types (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployment_resources_deployment_id_fkey
        FOREIGN KEY (deployment_id) REFERENCES deployments (id) ON DELETE SET NULL;
ALTER TABLE k8s_resources
    ADD CONSTRAINT k8s_resources_cluster_id_fkey
        FOREIGN KEY (cluster_id) REFERENCES k8s_clusters (id) ON DELETE CASCADE,
    ADD CONSTRAINT k8s_resources_deployment_id_fkey
        FOREIGN KEY (deployment_id) REFERENCES deployments (id) ON DELETE CASCADE;
ALTER TABLE secrets ADD CONSTRAINT secrets_env_id_fkey FOREIGN KEY (env_id) REFERENCES envs (id) ON DELETE CASCADE;
ALTER TABLE settings ADD CONSTRAINT settings_key_key UNIQUE (key);

CREATE UNIQUE INDEX envs__name_insensitive ON envs (lower(name));
CREATE UNIQUE INDEX env_user_role_env_user ON env_user_permissions (env_id, user_id);
CREATE UNIQUE INDEX deployment_kinds__name ON deployment_kinds (name);
CREATE INDEX deployment_tasks_cluster_id ON deployment_tasks (cluster_id);
CREATE INDEX deployment_tasks_created_at ON deployment_tasks (created_at);
CREATE INDEX deployment_tasks_deployment_id ON deployment_tasks (deployment_id);
CREATE INDEX deployment_tasks_status ON deployment_tasks (status);
CREATE INDEX deployment_tasks_execute_at ON deployment_tasks (execute_at);
CREATE UNIQUE INDEX deployment_resources_type_id_name ON deployment_resources (type_id, name);
CREATE INDEX k8s_resources_last_updated_at ON k8s_resources (last_updated_at);
CREATE UNIQUE INDEX secrets_env_id_collection_name ON secrets (env_id, collection, name);

-- The trigger of that server that names a column which is gone, and so fails at every insert, does not come back. This one
-- does what that was meant to do.
CREATE FUNCTION record_resource_type() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE deployment_resource_types SET spec = NEW.spec
    WHERE deployment_kind_id = NEW.deployment_kind_id AND key = NEW.key AND env_id IS NOT DISTINCT FROM NEW.env_id;
    IF FOUND THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER record_resource_type BEFORE INSERT ON deployment_resource_types
    FOR EACH ROW EXECUTE FUNCTION record_resource_type();

CREATE FUNCTION set_time_of_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW IS DISTINCT FROM OLD AND NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN
        NEW.updated_at := current_timestamp;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER set_updated_at BEFORE UPDATE ON secrets FOR EACH ROW EXECUTE FUNCTION set_time_of_update();

-- Its change events, under the names by which its later migrations replace them.
CREATE FUNCTION notify_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed_id text := CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END;
BEGIN
    PERFORM pg_notify('db_notifications', format(
        '{"timestamp":"%s","operation":"%s","schema":"%s","table":"%s","data":{"id":"%s"}}',
        current_timestamp, TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME, changed_id));
    RETURN NULL;
END $$;

CREATE FUNCTION notify_specific_trigger_name() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
    cluster uuid := changed ->> 'cluster_id';
    env uuid;
BEGIN
    IF TG_TABLE_NAME = 'deployment_resources' THEN
        SELECT cluster_id INTO cluster FROM deployments WHERE id = (changed ->> 'deployment_id')::uuid;
    END IF;
    SELECT env_id INTO env FROM k8s_clusters WHERE id = cluster;
    PERFORM pg_notify('db_' || TG_TABLE_NAME || '_notifications', format(
        '{"timestamp":"%s","operation":"%s","schema":"%s","table":"%s","env_id":%s,"data":{"id":"%s"}}',
        current_timestamp, TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME, coalesce('"' || env || '"', 'null'), changed ->> 'id'));
    RETURN NULL;
END $$;

DO $$
DECLARE
    notified text;
BEGIN
    FOREACH notified IN ARRAY ARRAY[
        'users', 'envs', 'env_user_permissions', 'k8s_clusters', 'helm_registries', 'helm_charts', 'deployments',
        'deployment_tasks', 'deployment_permissions', 'settings', 'secrets', 'k8s_resources',
        'deployment_resource_types', 'deployment_resources', 'helm_tag_formats', 'deployment_kinds', 'bots']
    LOOP
        EXECUTE format(
            'CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION notify_trigger(''id'')',
            CASE notified WHEN 'helm_registries' THEN 'helm_registries_notify' ELSE 'notify_changes' END, notified);
    END LOOP;
    FOREACH notified IN ARRAY ARRAY['deployment_tasks', 'deployments', 'deployment_resources', 'helm_tag_formats'] LOOP
        EXECUTE format(
            'CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %I'
            ' FOR EACH ROW EXECUTE FUNCTION notify_specific_trigger_name(''id'')',
            'notify_' || notified || '_changes', notified);
    END LOOP;
END $$;
