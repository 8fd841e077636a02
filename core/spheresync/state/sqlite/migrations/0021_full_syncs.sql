-- Syncs that compared all of their scope with AWS, of which status, previews and assets say when that was. Few of very
-- many; the condition reads no JSON, as a damaged request must keep nobody from writing or reading another run.
CREATE INDEX runs_full ON runs (seq) WHERE kind = 'sync' AND state = 'done' AND instr(request, '"full":true') > 0;
