import { expect, test } from "vitest";
import { RUNNING, tailscaleFacts } from "../../test/helpers/doctor.ts";
import { nothingObserved } from "../tailnet/observe.ts";
import { examineAddresses } from "./addresses.ts";

test("DR-3 running without an address is an error; where Tailscale doesn't run nothing is said of addresses", () => {
  expect(examineAddresses(tailscaleFacts({ ...RUNNING, addresses: [] }))[0]).toMatchObject({ level: "error" });
  expect(examineAddresses(tailscaleFacts({ kind: "stopped" }))).toEqual([]);
});

test("DR-3 an address that no interface has is a warning that names it; in userspace mode none has", () => {
  const observation = { ...nothingObserved, state: RUNNING, missing: ["fd7a:115c:a1e0::1"] };
  expect(examineAddresses(tailscaleFacts(RUNNING, { observation }))[0]).toMatchObject({
    level: "warning",
    what: "Not on any interface: fd7a:115c:a1e0::1.",
  });
  const userspace = { ...RUNNING, tun: false };
  expect(examineAddresses(tailscaleFacts(userspace))[0]).toMatchObject({
    level: "ok",
    what: "100.64.0.1, fd7a:115c:a1e0::1",
  });
});

test.each([
  ["MagicDNS is off", RUNNING, false],
  ["the node has no name", { ...RUNNING, self: { ...RUNNING.self, dnsName: "", nodeName: "" } }, true],
])("DR-3 where %s others join by address", (_why, state, magicDns) => {
  expect(examineAddresses(tailscaleFacts(state, { magicDns }))[1]).toMatchObject({
    level: "note",
    next: expect.stringContaining("chat 100.64.0.1"),
  });
});
