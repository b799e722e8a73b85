-- What a new installation starts with (docs/contract/data-model.md, "Table envs", "Table helm_tag_formats").

INSERT INTO envs (name) VALUES ('Default');

INSERT INTO helm_tag_formats (pattern) VALUES
    ('^(chart-)?v?(?P<version>\d+\.\d+\.\d+)((-(?P<revision>\d+))?(-g(?P<commit>[0-9a-zA-Z]+))?-(?P<branch>[-\w]+))?$'),
    ('^(chart-)?v?(?P<version>\d+\.\d+\.\d+)-(?P<branch>[-_A-Za-z0-9]+)\.(?P<revision>\d+)$');
