-- The environment of a Kubernetes resource is that of its cluster (docs/contract/data-model.md, "Change events"), so that
-- only those who may see it hear of it. When the cluster moves to another environment, its resources go along.

DROP TRIGGER platz_events ON k8s_resources;
CREATE TRIGGER platz_events AFTER INSERT OR UPDATE OR DELETE ON k8s_resources
    FOR EACH ROW EXECUTE FUNCTION platz_cluster_row_changed();

CREATE FUNCTION platz_workloads_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM platz_emit_in_both('k8s_resources', 'UPDATE', workload.id, NEW.env_id, OLD.env_id)
    FROM k8s_resources AS workload WHERE workload.cluster_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER platz_events_of_workloads AFTER UPDATE OF env_id ON k8s_clusters
    FOR EACH ROW WHEN (OLD.env_id IS DISTINCT FROM NEW.env_id)
    EXECUTE FUNCTION platz_workloads_moved();
