-- Change events as every consumer of a Platz database knows them (docs/contract/data-model.md, "Change events"; docs/contract/workers.md,
-- "Change events that wake workers"): the channel
-- and the payload of the former server, flat and with its keys in this order, and the environment in every one of them.

CREATE OR REPLACE FUNCTION platz_emit(table_name text, operation text, id uuid, env_id uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('db_notifications', format(
        '{"timestamp":"%s","operation":"%s","schema":"public","table":"%s","env_id":%s,"data":{"id":"%s"}}',
        current_timestamp, operation, table_name, coalesce('"' || env_id || '"', 'null'), id));
END $$;
