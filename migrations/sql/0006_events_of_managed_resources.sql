-- The environment of a deployment resource is that of the managing deployment's cluster (docs/contract/data-model.md,
-- "Change events"). When the deployment moves to another environment, or its cluster does, its resources go along: they
-- change, too, for the people of both environments, although their rows do not.

CREATE FUNCTION platz_emit_of_managed(deployment uuid, env_id uuid, old_env_id uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM platz_emit_in_both('deployment_resources', 'UPDATE', resource.id, env_id, old_env_id)
    FROM deployment_resources AS resource WHERE resource.deployment_id = deployment;
END $$;

CREATE FUNCTION platz_deployment_moved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    env uuid := platz_env_of_cluster(NEW.cluster_id);
    old_env uuid := platz_env_of_cluster(OLD.cluster_id);
BEGIN
    IF env IS DISTINCT FROM old_env THEN
        PERFORM platz_emit_of_managed(NEW.id, env, old_env);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER platz_events_of_managed AFTER UPDATE OF cluster_id ON deployments
    FOR EACH ROW WHEN (OLD.cluster_id IS DISTINCT FROM NEW.cluster_id)
    EXECUTE FUNCTION platz_deployment_moved();

CREATE OR REPLACE FUNCTION platz_cluster_changed() RETURNS trigger LANGUAGE plpgsql AS $$
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
            PERFORM platz_emit_of_managed(moved, NEW.env_id, OLD.env_id);
        END LOOP;
    END IF;
    RETURN NULL;
END $$;
