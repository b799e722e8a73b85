-- Change events (docs/contract/data-model.md, "Change events"): one channel, and a small payload of table, operation, id and environment,
-- whose present form is in 0002_change_event_payload.sql. An update that changes nothing is not an event. A row whose
-- environment changes is an event of both environments, because it leaves the sight of one and enters that of the other.

CREATE FUNCTION platz_emit(table_name text, operation text, id uuid, env_id uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('platz_events', json_build_object(
        'table', table_name, 'operation', operation, 'id', id, 'env_id', env_id)::text);
END $$;

CREATE FUNCTION platz_emit_in_both(table_name text, operation text, id uuid, env_id uuid, old_env_id uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM platz_emit(table_name, operation, id, env_id);
    IF env_id IS DISTINCT FROM old_env_id THEN
        PERFORM platz_emit(table_name, operation, id, old_env_id);
    END IF;
END $$;

CREATE FUNCTION platz_env_of_cluster(cluster uuid) RETURNS uuid
LANGUAGE sql STABLE AS $$ SELECT env_id FROM k8s_clusters WHERE id = cluster $$;

CREATE FUNCTION platz_env_of_deployment(deployment uuid) RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT env_id FROM k8s_clusters
    WHERE id = (SELECT cluster_id FROM deployments WHERE deployments.id = deployment)
$$;

-- Rows that everybody may see.
CREATE FUNCTION platz_global_row_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, OLD.id, NULL);
    ELSIF TG_OP = 'INSERT' OR OLD IS DISTINCT FROM NEW THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, NEW.id, NULL);
    END IF;
    RETURN NULL;
END $$;

-- An environment is its own environment.
CREATE FUNCTION platz_env_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, OLD.id, OLD.id);
    ELSIF TG_OP = 'INSERT' OR OLD IS DISTINCT FROM NEW THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, NEW.id, NEW.id);
    END IF;
    RETURN NULL;
END $$;

-- Rows that name their environment.
CREATE FUNCTION platz_env_row_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, OLD.id, OLD.env_id);
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, NEW.id, NEW.env_id);
    ELSIF OLD IS DISTINCT FROM NEW THEN
        PERFORM platz_emit_in_both(TG_TABLE_NAME, TG_OP, NEW.id, NEW.env_id, OLD.env_id);
    END IF;
    RETURN NULL;
END $$;

-- Rows that belong to the environment of their cluster.
CREATE FUNCTION platz_cluster_row_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    env uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, OLD.id, platz_env_of_cluster(OLD.cluster_id));
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, NEW.id, platz_env_of_cluster(NEW.cluster_id));
    ELSIF OLD IS DISTINCT FROM NEW THEN
        env := platz_env_of_cluster(NEW.cluster_id);
        PERFORM platz_emit_in_both(TG_TABLE_NAME, TG_OP, NEW.id, env, CASE
            WHEN OLD.cluster_id = NEW.cluster_id THEN env ELSE platz_env_of_cluster(OLD.cluster_id) END);
    END IF;
    RETURN NULL;
END $$;

-- Rows that belong to the environment of the deployment that manages them.
CREATE FUNCTION platz_managed_row_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    env uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, OLD.id, platz_env_of_deployment(OLD.deployment_id));
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, NEW.id, platz_env_of_deployment(NEW.deployment_id));
    ELSIF OLD IS DISTINCT FROM NEW THEN
        env := platz_env_of_deployment(NEW.deployment_id);
        PERFORM platz_emit_in_both(TG_TABLE_NAME, TG_OP, NEW.id, env, CASE
            WHEN OLD.deployment_id IS NOT DISTINCT FROM NEW.deployment_id THEN env
            ELSE platz_env_of_deployment(OLD.deployment_id) END);
    END IF;
    RETURN NULL;
END $$;

-- Everybody may see a cluster. When it goes to another environment, its deployments go along: they change too, for
-- the people of both environments, although their rows do not.
CREATE FUNCTION platz_cluster_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved uuid;
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, OLD.id, NULL);
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' OR OLD IS DISTINCT FROM NEW THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, NEW.id, NULL);
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.env_id IS DISTINCT FROM NEW.env_id THEN
        PERFORM platz_emit(TG_TABLE_NAME, TG_OP, NEW.id, env) FROM unnest(ARRAY[OLD.env_id, NEW.env_id]) AS env
        WHERE env IS NOT NULL;
        FOR moved IN SELECT id FROM deployments WHERE cluster_id = NEW.id LOOP
            PERFORM platz_emit_in_both('deployments', TG_OP, moved, NEW.env_id, OLD.env_id);
        END LOOP;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON users
    FOR EACH ROW EXECUTE FUNCTION platz_global_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON bots
    FOR EACH ROW EXECUTE FUNCTION platz_global_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON settings
    FOR EACH ROW EXECUTE FUNCTION platz_global_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON deployment_kinds
    FOR EACH ROW EXECUTE FUNCTION platz_global_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON deployment_resource_types
    FOR EACH ROW EXECUTE FUNCTION platz_global_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON helm_registries
    FOR EACH ROW EXECUTE FUNCTION platz_global_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON helm_charts
    FOR EACH ROW EXECUTE FUNCTION platz_global_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON helm_tag_formats
    FOR EACH ROW EXECUTE FUNCTION platz_global_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON k8s_resources
    FOR EACH ROW EXECUTE FUNCTION platz_global_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON envs
    FOR EACH ROW EXECUTE FUNCTION platz_env_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON env_user_permissions
    FOR EACH ROW EXECUTE FUNCTION platz_env_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON deployment_permissions
    FOR EACH ROW EXECUTE FUNCTION platz_env_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON secrets
    FOR EACH ROW EXECUTE FUNCTION platz_env_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON deployments
    FOR EACH ROW EXECUTE FUNCTION platz_cluster_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON deployment_tasks
    FOR EACH ROW EXECUTE FUNCTION platz_cluster_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON deployment_resources
    FOR EACH ROW EXECUTE FUNCTION platz_managed_row_changed();
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON k8s_clusters
    FOR EACH ROW EXECUTE FUNCTION platz_cluster_changed();
