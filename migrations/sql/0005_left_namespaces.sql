-- Namespaces that deployments left behind (docs/contract/data-model.md, "Table left_namespaces"). A row outlives its
-- deployment, so deployment_id is no foreign key.

CREATE TABLE left_namespaces (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    cluster_id uuid NOT NULL,
    deployment_id uuid NOT NULL,
    namespace varchar NOT NULL,
    released_at timestamptz,
    problem varchar,
    CONSTRAINT left_namespaces_place UNIQUE (cluster_id, namespace, deployment_id),
    CONSTRAINT left_namespaces_cluster_id_fkey
        FOREIGN KEY (cluster_id) REFERENCES k8s_clusters (id) ON DELETE CASCADE
);

CREATE INDEX left_namespaces_deployment_id ON left_namespaces (deployment_id);
