import { expect, test } from "vitest";
import { helpLines } from "./help.ts";
import { decodeServerLine } from "./server-lines.ts";

test("CL-25 SERVERHELP tells everybody's commands, and an operator the operator's too", () => {
  expect(helpLines(false)).toEqual([
    "Available server commands:",
    "LIST - List all connected clients",
    "INFO - Print server information",
    "END SERVERHELP",
  ]);
  expect(helpLines(true)).toEqual([
    "Available server commands:",
    "LIST - List all connected clients",
    "INFO - Print server information",
    "Operator commands:",
    "SERVERINFO - Retrieve server information",
    "KICK <clientID> - Kick a client from the server",
    "BAN <clientID> - Ban a client from the server",
    "UNBAN <clientID> - Unban a client from the server",
    "LISTBANS - List all banned clients",
    "END SERVERHELP",
  ]);
});

test("CL-25 a client reads each line of the help as what it is", () => {
  const kinds = helpLines(true).map((line) => decodeServerLine(line).kind);
  expect(kinds).toEqual(["help-heading", ...entries(2), "help-heading", ...entries(5), "help-end"]);
});

function entries(count: number): string[] {
  return Array.from({ length: count }, () => "help-entry");
}
