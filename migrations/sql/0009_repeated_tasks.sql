ALTER TABLE deployment_tasks
    ADD COLUMN repeats uuid,
    ADD CONSTRAINT deployment_tasks_repeats_fkey
        FOREIGN KEY (repeats) REFERENCES deployment_tasks (id) ON DELETE SET NULL;

CREATE INDEX deployment_tasks_repeats ON deployment_tasks (repeats) WHERE repeats IS NOT NULL;
