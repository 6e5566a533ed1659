/**
 * `count-tests.ts RESULTS FAILURES`: prints "PASSED FAILED" of a vitest run's JSON, and appends each failed test, with the first lines
 * of its error, to FAILURES.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { array, number, object, parse, string } from "valibot";

const RESULTS = object({
  numPassedTests: number(),
  numFailedTests: number(),
  testResults: array(
    object({
      name: string(),
      message: string(),
      status: string(),
      assertionResults: array(object({ fullName: string(), status: string(), failureMessages: array(string()) })),
    }),
  ),
});

const MOST_LINES = 12;

const [results = "", failures = ""] = process.argv.slice(2);
const { numPassedTests, numFailedTests, testResults } = parse(RESULTS, JSON.parse(readFileSync(results, "utf8")));
for (const { name, message, status, assertionResults } of testResults) {
  const failed = assertionResults.filter((each) => each.status === "failed");
  for (const { fullName, failureMessages } of failed) tell(`${name}: ${fullName}`, failureMessages.join("\n"));
  if (status === "failed" && failed.length === 0) tell(name, message);
}
console.log(numPassedTests, numFailedTests);

function tell(what: string, error: string): void {
  const lines = error.split("\n").slice(0, MOST_LINES);
  appendFileSync(failures, [`FAILED: ${what}`, ...lines.map((line) => `    ${line}`), ""].join("\n"));
}
