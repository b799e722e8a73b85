-- The programs of the former server may share the database (docs/contract/data-model.md, "Beside programs of an older Platz"). They listen on a channel for
-- each of four tables, they start tasks without a claim, record a chart once more when its event comes again, and insert a
-- resource type after each run of Helm.

CREATE OR REPLACE FUNCTION platz_emit(table_name text, operation text, id uuid, env_id uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    payload text := format(
        '{"timestamp":"%s","operation":"%s","schema":"public","table":"%s","env_id":%s,"data":{"id":"%s"}}',
        current_timestamp, operation, table_name, coalesce('"' || env_id || '"', 'null'), id);
BEGIN
    PERFORM pg_notify('db_notifications', payload);
    IF table_name IN ('deployment_tasks', 'deployments', 'deployment_resources', 'helm_tag_formats') THEN
        PERFORM pg_notify('db_' || table_name || '_notifications', payload);
    END IF;
    IF operation = 'DELETE' THEN
        INSERT INTO change_records (table_name, operation, row_id, env_id) VALUES ($1, $2, $3, $4);
    END IF;
END $$;

-- Only tasks with a claim are Platz's own.
DROP INDEX deployment_tasks_one_started;
CREATE UNIQUE INDEX deployment_tasks_one_started ON deployment_tasks (deployment_id)
    WHERE status = 'Started' AND claimed_by IS NOT NULL;

-- Platz itself records a chart once: platz/db/tables/charts.py takes a lock for it.
ALTER TABLE helm_charts DROP CONSTRAINT helm_charts_registry_tag_digest;
CREATE INDEX helm_charts_registry_tag_digest ON helm_charts (helm_registry_id, image_tag, image_digest);

-- A resource type that exists gets the new spec instead of a second row; the constraint stays for what comes at once.
CREATE FUNCTION platz_record_resource_type() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(
        hashtextextended(format('platz:resource-type:%s:%s', NEW.deployment_kind_id, NEW.key), 0));
    UPDATE deployment_resource_types SET spec = NEW.spec
    WHERE deployment_kind_id = NEW.deployment_kind_id AND key = NEW.key AND env_id IS NOT DISTINCT FROM NEW.env_id
      AND spec IS DISTINCT FROM NEW.spec;
    IF EXISTS (
        SELECT FROM deployment_resource_types
        WHERE deployment_kind_id = NEW.deployment_kind_id AND key = NEW.key
          AND env_id IS NOT DISTINCT FROM NEW.env_id)
    THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER platz_record_once BEFORE INSERT ON deployment_resource_types
    FOR EACH ROW EXECUTE FUNCTION platz_record_resource_type();
