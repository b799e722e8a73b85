-- The changes that can't be seen in a row afterwards (docs/contract/data-model.md, "Change records"): a row was deleted, or went to another
-- environment. Whoever was not listening at the time learns of them here.

CREATE TABLE change_records (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_in bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    table_name varchar NOT NULL,
    operation varchar NOT NULL,
    row_id uuid NOT NULL,
    env_id uuid
);
CREATE INDEX change_records_changed_in ON change_records (changed_in);
CREATE INDEX change_records_changed_at ON change_records (changed_at);

CREATE OR REPLACE FUNCTION platz_emit(table_name text, operation text, id uuid, env_id uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('db_notifications', format(
        '{"timestamp":"%s","operation":"%s","schema":"public","table":"%s","env_id":%s,"data":{"id":"%s"}}',
        current_timestamp, operation, table_name, coalesce('"' || env_id || '"', 'null'), id));
    IF operation = 'DELETE' THEN
        INSERT INTO change_records (table_name, operation, row_id, env_id) VALUES ($1, $2, $3, $4);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION platz_emit_in_both(table_name text, operation text, id uuid, env_id uuid, old_env_id uuid)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM platz_emit(table_name, operation, id, env_id);
    IF env_id IS DISTINCT FROM old_env_id THEN
        PERFORM platz_emit(table_name, operation, id, old_env_id);
        INSERT INTO change_records (table_name, operation, row_id, env_id)
        VALUES ($1, 'DELETE', $3, $5), ($1, 'UPDATE', $3, $4);
    END IF;
END $$;
