-- The former server's record of its migrations, at least up to the version of its stable releases.

CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
    version varchar(50) PRIMARY KEY,
    run_on timestamp NOT NULL DEFAULT current_timestamp
);

INSERT INTO __diesel_schema_migrations (version)
SELECT released FROM (VALUES
    ('00000000000000enableuuid'), ('00000000000001notifyfunction'), ('20210314120000adduserstable'),
    ('20210314120500addenvstable'), ('20210314121000envuserpermissions'), ('20210314141500addk8sclusters'),
    ('20210317120900addhelmtables'), ('20210317152800adddeploymenttable'), ('20210401171100deploymenttasks'),
    ('20211005100900deploymentpermissions'), ('20211106101500settingstale'), ('20211110120700addsecretstable'),
    ('20220213163600k8sresourcestable'), ('20220311102600deploymentresources'),
    ('20220317110600deploymenresourcesconstraints'), ('20220414074500clustergrafanafields'),
    ('20220420164500clusterdomaintlssecret'), ('20220421173000deploymenttaskcluster'),
    ('20220422093800uniqueenvname'), ('20220422234000deploymentauth'), ('20220423121500autoadduserstoenv'),
    ('20220527123300helmtagformat'), ('20220622203300k8sresourceclusterid'), ('20220723103300helmregistrykind'),
    ('20220903105000clusteringressclass'), ('20221002140158deploymenttasksindices'), ('20230116082916'),
    ('20230523092404'), ('20230724112654'), ('20230904120624'), ('20231011120347'), ('20231121144147'),
    ('20231215095608'), ('20240131145515'), ('20240217195400canceldeploymenttasks'),
    ('20240828202600deploymentkindonlyid'), ('20240831095523deploymentkindtriggers'),
    ('20240831102801deploymentkindnotnull'), ('20240831105935addbots'), ('20240911173524addbottokens')
) AS versions (released)
WHERE NOT EXISTS (SELECT FROM __diesel_schema_migrations WHERE left(version, 14) = left(released, 14));
