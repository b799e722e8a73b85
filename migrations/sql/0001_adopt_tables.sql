-- Brings the tables of the former server to those of 0001_tables.sql: ids without an extension, flags and statuses that
-- are never NULL, and the new columns.

ALTER TABLE users
    ALTER id SET DEFAULT gen_random_uuid(),
    ALTER is_admin SET DEFAULT false, ALTER is_admin SET NOT NULL,
    ALTER is_active SET DEFAULT true, ALTER is_active SET NOT NULL;
ALTER TABLE bots ALTER id SET DEFAULT gen_random_uuid();
ALTER TABLE envs
    ALTER id SET DEFAULT gen_random_uuid(),
    ALTER auto_add_new_users SET DEFAULT false, ALTER auto_add_new_users SET NOT NULL;
ALTER TABLE env_user_permissions ALTER id SET DEFAULT gen_random_uuid();
ALTER TABLE deployment_kinds ALTER id SET DEFAULT gen_random_uuid();
ALTER TABLE deployment_permissions
    ALTER id SET DEFAULT gen_random_uuid(),
    ALTER kind_id SET NOT NULL;
ALTER TABLE helm_registries
    ALTER id SET DEFAULT gen_random_uuid(),
    ALTER kind_id SET NOT NULL;
ALTER TABLE helm_tag_formats ALTER id SET DEFAULT gen_random_uuid();
ALTER TABLE helm_charts
    ALTER id SET DEFAULT gen_random_uuid(),
    ADD COLUMN warnings jsonb;
ALTER TABLE k8s_clusters
    ALTER id SET DEFAULT gen_random_uuid(),
    ALTER ignore SET DEFAULT true, ALTER ignore SET NOT NULL;
ALTER TABLE deployments
    ALTER id SET DEFAULT gen_random_uuid(),
    ALTER enabled SET DEFAULT true, ALTER enabled SET NOT NULL,
    ALTER status SET DEFAULT 'Unknown', ALTER status SET NOT NULL,
    ALTER helm_chart_id SET NOT NULL,
    ALTER kind_id SET NOT NULL;
ALTER TABLE deployment_tasks
    ALTER id SET DEFAULT gen_random_uuid(),
    ADD COLUMN acting_bot_id uuid,
    ADD COLUMN canceled_by_bot_id uuid,
    ADD COLUMN claimed_by uuid;
ALTER TABLE deployment_resource_types
    ALTER id SET DEFAULT gen_random_uuid(),
    ALTER deployment_kind_id SET NOT NULL;
ALTER TABLE deployment_resources
    ALTER id SET DEFAULT gen_random_uuid(),
    ALTER exists SET DEFAULT true, ALTER exists SET NOT NULL;
ALTER TABLE k8s_resources ALTER id DROP DEFAULT;
ALTER TABLE secrets ALTER id SET DEFAULT gen_random_uuid();
ALTER TABLE settings ALTER id SET DEFAULT gen_random_uuid();
