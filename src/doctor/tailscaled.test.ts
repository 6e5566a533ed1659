import { expect, test } from "vitest";
import { tailscaleFacts } from "../../test/helpers/doctor.ts";
import { nothingObserved } from "../tailnet/observe.ts";
import type { TailscaleState } from "../tailnet/state.ts";
import { examineTailscaled } from "./tailscaled.ts";

test.each([
  [{ kind: "absent" }, "error"],
  [{ kind: "unreachable", problem: { kind: "refused-connection" } }, "error"],
  [{ kind: "unreachable", problem: { kind: "timeout" } }, "error"],
  [{ kind: "needs-login", url: null, keyExpired: true }, "error"],
  [{ kind: "needs-approval" }, "error"],
  [{ kind: "in-use-by-other-user" }, "error"],
  [{ kind: "stopped" }, "error"],
  [{ kind: "starting" }, "warning"],
  [{ kind: "no-state" }, "warning"],
] satisfies [TailscaleState, string][])("DR-1 %j comes to one %s with cause and next step", (state, level) => {
  const troubles = examineTailscaled(tailscaleFacts(state)).filter((finding) => finding.level !== "ok");
  expect(troubles).toEqual([
    expect.objectContaining({ level, what: expect.stringMatching(/.\.$/), cause: expect.stringMatching(/.\.$/) }),
  ]);
  expect(troubles.every((finding) => "next" in finding && finding.next !== "")).toBe(true);
});

test("DR-1 Tailscale's addresses without a tailscaled that can be found are a warning that names the option", () => {
  const observation = { ...nothingObserved, listenOn: ["100.64.0.1"] };
  expect(examineTailscaled(tailscaleFacts({ kind: "absent" }, { observation }))).toEqual([
    expect.objectContaining({ level: "warning", next: expect.stringContaining("--tailscale-socket") }),
  ]);
});

test.each([
  ["1.102.3-t53a0d659a-g0123abcd", "1.102.3, answers at"],
  ["", "of an unknown version, answers at"],
  ["1.2\u001B[2J", "1.2␛[2J, answers at"],
])("DR-2 the version %j is told without the commits that it was built from", (version, said) => {
  const [first] = examineTailscaled(tailscaleFacts(undefined, { version }));
  expect(first).toMatchObject({ area: "tailscaled", level: "ok", what: expect.stringContaining(said) });
});
