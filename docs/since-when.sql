-- Since when is a region slow? Reads rows of `gotrace-diff summarize --format ndjson`, labelled with commit and at.
--
--     SET VARIABLE history = 'history/*.ndjson';
--
-- For every region: the commit at which splitting the history in two leaves the least spread within both parts.
WITH figures AS (
  SELECT package, subject, labels['commit'] AS commit, CAST(labels['at'] AS TIMESTAMPTZ) AS moment, ln(value) AS y
  FROM read_json(
    getvariable('history'),
    format = 'newline_delimited',
    columns = {
      schema: 'VARCHAR', labels: 'MAP(VARCHAR, VARCHAR)', source: 'VARCHAR', package: 'VARCHAR', complete: 'BOOLEAN',
      kind: 'VARCHAR', subject: 'VARCHAR', metric: 'VARCHAR', value: 'DOUBLE'
    }
  )
  WHERE schema = 'gotrace-diff/row/1' AND complete AND kind = 'region' AND metric = 'exec_ns' AND value > 0
),
-- One point a commit: the middle of its runs.
points AS (
  SELECT package, subject, commit, min(moment) AS moment, median(y) AS y
  FROM figures GROUP BY package, subject, commit
),
-- Sums up to each commit give the spread of both parts without reading them again:
--   sum of (y - mean)^2  =  sum of y^2  -  (sum of y)^2 / n
sums AS (
  SELECT *,
    row_number() OVER before AS n, sum(y) OVER before AS s, sum(y * y) OVER before AS q,
    count(*) OVER whole AS all_n, sum(y) OVER whole AS all_s, sum(y * y) OVER whole AS all_q
  FROM points
  WINDOW
    whole AS (PARTITION BY package, subject),
    before AS (PARTITION BY package, subject ORDER BY moment, commit)
),
splits AS (
  SELECT *, q - s * s / n + (all_q - q) - (all_s - s) * (all_s - s) / (all_n - n) AS spread
  FROM sums WHERE n < all_n
),
-- Two commits on either side at least: one alone may be an accident.
best AS (
  SELECT package, subject, n, all_n, spread FROM splits
  WHERE n >= 2 AND all_n - n >= 2
  QUALIFY row_number() OVER (PARTITION BY package, subject ORDER BY spread, n) = 1
),
placed AS (SELECT *, row_number() OVER (PARTITION BY package, subject ORDER BY moment, commit) AS place FROM points),
sides AS (
  SELECT best.package, best.subject,
    max(commit) FILTER (place = n + 1) AS commit,
    max(moment) FILTER (place = n + 1) AS since,
    median(y) FILTER (place <= n) AS before,
    median(y) FILTER (place > n) AS after,
    -- The standard deviation within the parts.
    max(sqrt(greatest(spread, 0) / greatest(all_n - 2, 1))) AS noise
  FROM best JOIN placed USING (package, subject)
  GROUP BY best.package, best.subject
)
SELECT package, subject, commit, since, exp(before) AS before_ns, exp(after) AS after_ns, exp(after - before) - 1 AS change
FROM sides
WHERE abs(after - before) > ln(1.1) AND abs(after - before) > 3 * noise
ORDER BY abs(change) DESC, package, subject;
