-- Identity is the pair of space and name: subjects of jobs say it as JSON, not as SPACE/NAME to be split again.
-- What former versions noted of spaces that SPACE/NAME cannot name goes first: it could never be written, and stood in
-- the way of every plan.
DELETE FROM jobs
WHERE kind IN ('read', 'write')
    AND EXISTS (
        SELECT 1 FROM assets
        WHERE instr(assets.space, '/') AND jobs.subject = assets.space || '/' || assets.name
    );
DELETE FROM assets WHERE space = '' OR instr(space, '/');
DELETE FROM entries WHERE space = '' OR instr(space, '/');
DELETE FROM schedule WHERE space = '' OR instr(space, '/');
DELETE FROM spaces WHERE name = '' OR instr(name, '/');
UPDATE jobs
SET subject = json_array(substr(subject, 1, instr(subject, '/') - 1), substr(subject, instr(subject, '/') + 1))
WHERE kind IN ('read', 'write') AND instr(subject, '/');
