-- SPDX-License-Identifier: Apache-2.0
-- What the records lack under a profile: rule, subject, what is missing, since when. The profile's figures are
-- arguments, so that the query is the same for every profile; a missing figure requires nothing. gap is the union
-- of all files in checks/, which the build inserts. In the sqlite3 shell, create and fill it first: CREATE TEMP
-- TABLE gap(rule, subject, missing, since).
--
-- @biological_days number, of the profile: a biological test is due so many days after one that passed
-- @biological_cycles number, of the profile: a biological test is due after so many cycles
-- @after_installation number, of the profile: whether (1) a test must pass after the installation
-- @after_repair number, of the profile: whether (1) a test must pass after a repair
-- @in_a_row number, of the profile: so many tests in a row must pass after the events of in_a_row_after
-- @in_a_row_after text, of the profile: separated by blanks: installation, repair, relocation, returned, power-cut,
--   failure, repeated-failure, unused
-- @unused_days number, of the profile: a steriliser that did not run for so many days counts as unused; 0: none does
-- @penetration_test number, of the profile: whether (1) a steam penetration test must pass before a day's loads
-- @leak_test_days number, of the profile: a leak test is due so many days after one that passed
-- @proofs text, of the profile: what the profile asks for, separated by blanks
-- @registration number, of the profile: whether (1) a client must be registered
-- @questions text, of the profile: a JSON list of the questions that are asked before each session
-- @certificates text, of the profile: a JSON list of the certificates that a technician must have
-- @today text, of the profile: the day to judge by, YYYY-MM-DD; NULL: that of this machine
-- @from time: missing since then, or later
-- @to time: missing since before then
-- @rule text: one of the rules
-- @after number: the row of the last row of the page before
-- @limit number: at most so many rows

SELECT row, rule, subject, missing, since
FROM (SELECT row_number() OVER (ORDER BY rule, subject, missing, since) AS row, * FROM gap)
WHERE (@from IS NULL OR since >= date(@from / 1000000, 'unixepoch'))
  AND (@to IS NULL OR since < date(@to / 1000000, 'unixepoch'))
  AND (@rule IS NULL OR rule = @rule)
  AND (@after IS NULL OR row > @after)
ORDER BY row
LIMIT coalesce(@limit, -1);
