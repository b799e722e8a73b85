CREATE TABLE platz_leases (
    name varchar NOT NULL,
    epoch bigint GENERATED ALWAYS AS IDENTITY,
    holder uuid NOT NULL,
    renewals bigint NOT NULL DEFAULT 0,
    renewed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT platz_leases_pkey PRIMARY KEY (name)
);

CREATE TABLE platz_task_waits (
    task_id uuid NOT NULL,
    waits_for uuid NOT NULL,
    CONSTRAINT platz_task_waits_pkey PRIMARY KEY (task_id),
    CONSTRAINT platz_task_waits_task_id_fkey FOREIGN KEY (task_id)
        REFERENCES deployment_tasks (id) ON DELETE CASCADE,
    CONSTRAINT platz_task_waits_waits_for_fkey FOREIGN KEY (waits_for)
        REFERENCES deployment_tasks (id) ON DELETE CASCADE
);

CREATE INDEX platz_task_waits_waits_for ON platz_task_waits (waits_for);

-- Until now a Recreate and its Upgrade were told by the microsecond between them.
INSERT INTO platz_task_waits (task_id, waits_for)
SELECT upgrade.id, recreate.id
FROM deployment_tasks AS upgrade
JOIN deployment_tasks AS recreate
    ON recreate.deployment_id = upgrade.deployment_id
    AND recreate.created_at = upgrade.created_at - interval '1 microsecond'
WHERE upgrade.status = 'Pending' AND upgrade.operation ? 'Upgrade'
    AND recreate.status IN ('Pending', 'Started') AND recreate.operation ? 'Recreate';
