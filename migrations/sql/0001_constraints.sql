-- Every key, check and index, for a new database and for an adopted one alike. What each one protects is said
-- beside its twin in platz/db/schema.py.

CREATE UNIQUE INDEX users_email_insensitive ON users (lower(email));

ALTER TABLE user_tokens
    ADD CONSTRAINT user_tokens_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;

CREATE INDEX user_tokens_user_id ON user_tokens (user_id);

ALTER TABLE bot_tokens
    ADD CONSTRAINT bot_tokens_bot_id_fkey
        FOREIGN KEY (bot_id) REFERENCES bots (id) ON DELETE CASCADE,
    ADD CONSTRAINT bot_tokens_created_by_user_id_fkey
        FOREIGN KEY (created_by_user_id) REFERENCES users (id);

CREATE INDEX bot_tokens_bot_id ON bot_tokens (bot_id);

CREATE UNIQUE INDEX envs__name_insensitive ON envs (lower(name));

ALTER TABLE env_user_permissions
    ADD CONSTRAINT env_user_permissions_role_is_known
        CHECK (role IN ('Admin', 'User')),
    ADD CONSTRAINT env_user_permissions_env_id_fkey
        FOREIGN KEY (env_id) REFERENCES envs (id) ON DELETE CASCADE,
    ADD CONSTRAINT env_user_permissions_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;

CREATE INDEX env_user_permissions_user_id ON env_user_permissions (user_id);
CREATE UNIQUE INDEX env_user_role_env_user ON env_user_permissions (env_id, user_id);

CREATE UNIQUE INDEX deployment_kinds__name ON deployment_kinds (name);

ALTER TABLE deployment_permissions
    ADD CONSTRAINT deployment_permissions_env_user_kind UNIQUE (env_id, user_id, kind_id),
    ADD CONSTRAINT deployment_permissions_role_is_known
        CHECK (role IN ('Owner', 'Maintainer')),
    ADD CONSTRAINT deployment_permissions_env_id_fkey
        FOREIGN KEY (env_id) REFERENCES envs (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployment_permissions_user_id_fkey
        FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployment_permissions_kind_id_fkey
        FOREIGN KEY (kind_id) REFERENCES deployment_kinds (id);

CREATE INDEX deployment_permissions_user_id ON deployment_permissions (user_id);

ALTER TABLE helm_registries
    ADD CONSTRAINT helm_registries_domain_repo UNIQUE (domain_name, repo_name),
    ADD CONSTRAINT helm_registries_provider_is_known
        CHECK (provider IN ('Ecr', 'Oci')),
    ADD CONSTRAINT helm_registries_kind_id_fkey
        FOREIGN KEY (kind_id) REFERENCES deployment_kinds (id);

CREATE INDEX helm_registries_kind_id ON helm_registries (kind_id);

ALTER TABLE helm_tag_formats
    ADD CONSTRAINT helm_tag_formats_pattern UNIQUE (pattern);

ALTER TABLE helm_charts
    ADD CONSTRAINT helm_charts_registry_tag_digest UNIQUE (helm_registry_id, image_tag, image_digest),
    ADD CONSTRAINT helm_charts_helm_registry_id_fkey
        FOREIGN KEY (helm_registry_id) REFERENCES helm_registries (id) ON DELETE CASCADE,
    ADD CONSTRAINT helm_charts_tag_format_id_fkey
        FOREIGN KEY (tag_format_id) REFERENCES helm_tag_formats (id) ON DELETE SET NULL;

CREATE INDEX helm_charts_created_at ON helm_charts (created_at DESC, id);
CREATE INDEX helm_charts_registry_branch_created ON helm_charts (helm_registry_id, parsed_branch, created_at);
CREATE INDEX helm_charts_tag_format_id ON helm_charts (tag_format_id);

ALTER TABLE k8s_clusters
    ADD CONSTRAINT k8s_clusters_ingress_domain UNIQUE (ingress_domain),
    ADD CONSTRAINT k8s_clusters_provider_id UNIQUE (provider_id),
    ADD CONSTRAINT k8s_clusters_env_id_fkey
        FOREIGN KEY (env_id) REFERENCES envs (id);

CREATE INDEX k8s_clusters_env_id ON k8s_clusters (env_id);

ALTER TABLE deployments
    ADD CONSTRAINT deployments_cluster_kind_name UNIQUE (cluster_id, kind_id, name),
    ADD CONSTRAINT deployments_status_is_known
        CHECK (status IN (
            'Unknown', 'Installing', 'Renaming', 'Upgrading', 'Running', 'Error', 'Uninstalling', 'Uninstalled',
            'Deleting')),
    ADD CONSTRAINT deployments_kind_id_fkey
        FOREIGN KEY (kind_id) REFERENCES deployment_kinds (id),
    ADD CONSTRAINT deployments_cluster_id_fkey
        FOREIGN KEY (cluster_id) REFERENCES k8s_clusters (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployments_revision_id_fkey
        FOREIGN KEY (revision_id) REFERENCES deployment_tasks (id) ON DELETE SET NULL,
    ADD CONSTRAINT deployments_helm_chart_id_fkey
        FOREIGN KEY (helm_chart_id) REFERENCES helm_charts (id) ON DELETE CASCADE;

CREATE INDEX deployments_created_at ON deployments (created_at, id);
CREATE INDEX deployments_helm_chart_id ON deployments (helm_chart_id);
CREATE INDEX deployments_kind_id ON deployments (kind_id);
CREATE INDEX deployments_revision_id ON deployments (revision_id);

ALTER TABLE deployment_tasks
    ADD CONSTRAINT deployment_tasks_active_has_no_finish
        CHECK (status NOT IN ('Pending', 'Started') OR finished_at IS NULL),
    ADD CONSTRAINT deployment_tasks_at_most_one_actor
        CHECK (num_nonnulls(acting_user_id, acting_bot_id, acting_deployment_id) <= 1),
    ADD CONSTRAINT deployment_tasks_at_most_one_canceler
        CHECK (num_nonnulls(canceled_by_user_id, canceled_by_bot_id, canceled_by_deployment_id) <= 1),
    ADD CONSTRAINT deployment_tasks_pending_has_no_claim
        CHECK (status <> 'Pending' OR claimed_by IS NULL),
    ADD CONSTRAINT deployment_tasks_started_has_a_start
        CHECK (status <> 'Started' OR started_at IS NOT NULL),
    ADD CONSTRAINT deployment_tasks_status_is_known
        CHECK (status IN ('Pending', 'Started', 'Failed', 'Canceled', 'Done')),
    ADD CONSTRAINT deployment_tasks_cluster_id_fkey
        FOREIGN KEY (cluster_id) REFERENCES k8s_clusters (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployment_tasks_deployment_id_fkey
        FOREIGN KEY (deployment_id) REFERENCES deployments (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployment_tasks_acting_user_id_fkey
        FOREIGN KEY (acting_user_id) REFERENCES users (id),
    ADD CONSTRAINT deployment_tasks_acting_bot_id_fkey
        FOREIGN KEY (acting_bot_id) REFERENCES bots (id) ON DELETE SET NULL,
    ADD CONSTRAINT deployment_tasks_acting_deployment_id_fkey
        FOREIGN KEY (acting_deployment_id) REFERENCES deployments (id) ON DELETE SET NULL,
    ADD CONSTRAINT deployment_tasks_canceled_by_user_id_fkey
        FOREIGN KEY (canceled_by_user_id) REFERENCES users (id),
    ADD CONSTRAINT deployment_tasks_canceled_by_bot_id_fkey
        FOREIGN KEY (canceled_by_bot_id) REFERENCES bots (id) ON DELETE SET NULL,
    ADD CONSTRAINT deployment_tasks_canceled_by_deployment_id_fkey
        FOREIGN KEY (canceled_by_deployment_id) REFERENCES deployments (id) ON DELETE SET NULL;

CREATE INDEX deployment_tasks_acting_bot_id ON deployment_tasks (acting_bot_id)
    WHERE acting_bot_id IS NOT NULL;
CREATE INDEX deployment_tasks_acting_deployment_id ON deployment_tasks (acting_deployment_id)
    WHERE acting_deployment_id IS NOT NULL;
CREATE INDEX deployment_tasks_active ON deployment_tasks (deployment_id, execute_at, created_at, id)
    WHERE status IN ('Pending', 'Started');
CREATE INDEX deployment_tasks_canceled_by_bot_id ON deployment_tasks (canceled_by_bot_id)
    WHERE canceled_by_bot_id IS NOT NULL;
CREATE INDEX deployment_tasks_canceled_by_deployment_id ON deployment_tasks (canceled_by_deployment_id)
    WHERE canceled_by_deployment_id IS NOT NULL;
CREATE INDEX deployment_tasks_cluster_history ON deployment_tasks (cluster_id, execute_at DESC, id);
CREATE INDEX deployment_tasks_created_at ON deployment_tasks (created_at);
CREATE INDEX deployment_tasks_deployment_history ON deployment_tasks (deployment_id, execute_at DESC, id);
CREATE INDEX deployment_tasks_due ON deployment_tasks (cluster_id, execute_at, created_at, id)
    WHERE status = 'Pending';
CREATE INDEX deployment_tasks_history ON deployment_tasks (execute_at DESC, id);
CREATE UNIQUE INDEX deployment_tasks_one_started ON deployment_tasks (deployment_id)
    WHERE status = 'Started';
CREATE INDEX deployment_tasks_status ON deployment_tasks (status);

ALTER TABLE deployment_resource_types
    ADD CONSTRAINT deployment_resource_types_env_kind_key
        UNIQUE NULLS NOT DISTINCT (env_id, deployment_kind_id, key),
    ADD CONSTRAINT deployment_resource_types_key_is_not_empty
        CHECK (length(key) > 0),
    ADD CONSTRAINT deployment_resource_types_env_id_fkey
        FOREIGN KEY (env_id) REFERENCES envs (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployment_resource_types_deployment_kind_id_fkey
        FOREIGN KEY (deployment_kind_id) REFERENCES deployment_kinds (id);

CREATE INDEX deployment_resource_types_kind_key ON deployment_resource_types (deployment_kind_id, key);

ALTER TABLE deployment_resources
    ADD CONSTRAINT deployment_resources_name_is_not_empty
        CHECK (length(name) > 0),
    ADD CONSTRAINT deployment_resources_sync_status_is_known
        CHECK (sync_status IN ('Creating', 'Updating', 'Deleting', 'Ready', 'Error')),
    ADD CONSTRAINT deployment_resources_type_id_fkey
        FOREIGN KEY (type_id) REFERENCES deployment_resource_types (id) ON DELETE CASCADE,
    ADD CONSTRAINT deployment_resources_deployment_id_fkey
        FOREIGN KEY (deployment_id) REFERENCES deployments (id) ON DELETE SET NULL;

CREATE INDEX deployment_resources_deployment_id ON deployment_resources (deployment_id);
CREATE UNIQUE INDEX deployment_resources_type_name ON deployment_resources (type_id, name);

ALTER TABLE k8s_resources
    ADD CONSTRAINT k8s_resources_cluster_id_fkey
        FOREIGN KEY (cluster_id) REFERENCES k8s_clusters (id) ON DELETE CASCADE,
    ADD CONSTRAINT k8s_resources_deployment_id_fkey
        FOREIGN KEY (deployment_id) REFERENCES deployments (id) ON DELETE CASCADE;

CREATE INDEX k8s_resources_cluster_id ON k8s_resources (cluster_id);
CREATE INDEX k8s_resources_deployment_id ON k8s_resources (deployment_id);
CREATE INDEX k8s_resources_last_updated_at ON k8s_resources (last_updated_at);

ALTER TABLE secrets
    ADD CONSTRAINT secrets_env_id_fkey
        FOREIGN KEY (env_id) REFERENCES envs (id) ON DELETE CASCADE;

CREATE UNIQUE INDEX secrets_env_collection_name ON secrets (env_id, collection, name);

ALTER TABLE settings
    ADD CONSTRAINT settings_key UNIQUE (key);
