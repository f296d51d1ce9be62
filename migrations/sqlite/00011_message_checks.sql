-- +goose Up
-- SQLite makes a table of its own for each list of more than two values in a CHECK, fills it, and throws it away, for each
-- row that is written: a tenth of what a message cost. The same rules without lists cost nothing. A CHECK says nothing
-- about the file, so the words of the table's own statement are changed, as SQLite describes for this case (ALTER TABLE, 7,
-- "Making Other Kinds Of Table Schema Changes"); an index that is made and dropped tells others that the schema is another.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
    'type IN (''user'', ''ai'', ''system'')', 'type = ''user'' OR type = ''ai'' OR type = ''system'''),
    'status IN (''sent'', ''pending'', ''streaming'', ''completed'', ''failed'', ''stopped'')', 'status = ''sent'' OR status = ''pending'' OR status = ''streaming'' OR status = ''completed'' OR status = ''failed'' OR status = ''stopped'''),
    'verdict IN (''diamond'', ''fire'', ''skull'')', 'verdict = ''diamond'' OR verdict = ''fire'' OR verdict = ''skull''')
    WHERE type = 'table' AND name = 'messages';
PRAGMA writable_schema = RESET;
CREATE INDEX another_schema ON schema_info (id);
DROP INDEX another_schema;

-- +goose Down
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
    'type = ''user'' OR type = ''ai'' OR type = ''system''', 'type IN (''user'', ''ai'', ''system'')'),
    'status = ''sent'' OR status = ''pending'' OR status = ''streaming'' OR status = ''completed'' OR status = ''failed'' OR status = ''stopped''', 'status IN (''sent'', ''pending'', ''streaming'', ''completed'', ''failed'', ''stopped'')'),
    'verdict = ''diamond'' OR verdict = ''fire'' OR verdict = ''skull''', 'verdict IN (''diamond'', ''fire'', ''skull'')')
    WHERE type = 'table' AND name = 'messages';
PRAGMA writable_schema = RESET;
CREATE INDEX another_schema ON schema_info (id);
DROP INDEX another_schema;
