-- What the overview of deployments reads (docs/contract/http-api.md, "Overview of deployments"): the text in which a search looks, kept
-- beside each deployment, and the workloads that are not ready.

CREATE TABLE deployment_search (
    deployment_id uuid PRIMARY KEY,
    content varchar NOT NULL,
    CONSTRAINT deployment_search_deployment_id_fkey
        FOREIGN KEY (deployment_id) REFERENCES deployments (id) ON DELETE CASCADE
);

-- Name, description and inputs in small letters. An input that the chart's form marks as sensitive, or that is
-- encrypted, is left out, so that nobody finds out a password by searching for its letters.
CREATE FUNCTION platz_search_content(name text, description text, config jsonb, form jsonb) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT lower(left(concat_ws(E'\n', name, description, (
        SELECT string_agg(input.value #>> '{}', E'\n')
        FROM jsonb_each(CASE WHEN jsonb_typeof(config) = 'object' THEN config ELSE '{}' END) AS input
        WHERE strpos(input.value::text, '$encrypted') = 0 AND NOT EXISTS (
            SELECT FROM jsonb_path_query(form, 'lax $.**.inputs[*] ? (@.sensitive == true).id') AS sensitive
            WHERE sensitive #>> '{}' = input.key)
    )), 20000))
$$;

CREATE FUNCTION platz_search_deployments(wanted uuid[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO deployment_search (deployment_id, content)
    SELECT item.id, platz_search_content(item.name, item.description_md, item.config, chart.values_ui)
    FROM deployments AS item LEFT JOIN helm_charts AS chart ON chart.id = item.helm_chart_id
    WHERE item.id = ANY (wanted) ORDER BY item.id
    ON CONFLICT (deployment_id) DO UPDATE SET content = EXCLUDED.content
$$;

-- A text follows the newest inputs and the newest form, even if both change at once: a deployment waits for a change of
-- its chart and holds up the next one, and a chart waits for the texts that are being written before it reads
-- which deployments have it. A chart never waits for a row of deployments, whose writer may be waiting for the chart.
CREATE FUNCTION platz_search_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'deployments' THEN
        PERFORM FROM helm_charts WHERE id = NEW.helm_chart_id FOR SHARE;
        PERFORM platz_search_deployments(ARRAY[NEW.id]);
    ELSE
        PERFORM FROM deployment_search AS search JOIN deployments AS item ON item.id = search.deployment_id
            WHERE item.helm_chart_id = NEW.id ORDER BY search.deployment_id FOR UPDATE OF search;
        PERFORM platz_search_deployments(ARRAY(SELECT id FROM deployments WHERE helm_chart_id = NEW.id));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER platz_search_inserted AFTER INSERT ON deployments
    FOR EACH ROW EXECUTE FUNCTION platz_search_changed();
CREATE TRIGGER platz_search_updated AFTER UPDATE OF name, description_md, config, helm_chart_id ON deployments
    FOR EACH ROW WHEN ((OLD.name, OLD.description_md, OLD.config, OLD.helm_chart_id)
        IS DISTINCT FROM (NEW.name, NEW.description_md, NEW.config, NEW.helm_chart_id))
    EXECUTE FUNCTION platz_search_changed();
CREATE TRIGGER platz_search_updated AFTER UPDATE OF values_ui ON helm_charts
    FOR EACH ROW WHEN (OLD.values_ui IS DISTINCT FROM NEW.values_ui)
    EXECUTE FUNCTION platz_search_changed();

SELECT platz_search_deployments(ARRAY(SELECT id FROM deployments));

CREATE INDEX k8s_resources_not_ready ON k8s_resources (deployment_id)
    WHERE kind IN ('Deployment', 'StatefulSet', 'DaemonSet') AND 'Danger' = ANY (status_color);
