import { beforeEach, describe, expect, test } from "vitest";
import { addAddress, addNetwork, dialFrom, noNamespaces, removeAddress, type Machine } from "../helpers/netns.ts";
import { startServe } from "../helpers/serve.ts";
import { createTailnetMachines, OWN_V4, OWN_V6 } from "../helpers/tailnet-machines.ts";
import { startFakeTailscaled } from "../helpers/tailnet.ts";

const V4 = "100.64.0.1:12345";
const V6 = "[fd7a:115c:a1e0::1]:12345";
const OWN = "127.0.0.1:12345 and [::1]:12345";
const args = ["--port", "12345"];

beforeEach((context) => context.skip(noNamespaces !== null, noNamespaces ?? ""));

describe("where the server listens", () => {
  test.each(["without tailscaled", "beside tailscaled"])(
    "NS-1 %s: on this node's own Tailscale addresses and on loopback, nowhere else, not on another 100.64/10 either",
    async (how) => {
      const { chat } = createTailnetMachines();
      addNetwork(chat, "wan0", ["100.64.7.7/32", "192.0.2.1/24"]);
      const { listening } = await startServe({ ...chat, args, ...(await socketOf(how)) });
      expect(listening).toBe(`Listening on ${V4} and ${V6}, and for this machine on ${OWN}.`);
      expect(listeningOn(chat)).toEqual([V4, V6, ...OWN.split(" and ")].toSorted());
    },
  );

  test.each([
    ["--ipv4", V4],
    ["--ipv6", V6],
  ])("NS-1 with %s on that family only", async (family, address) => {
    const { chat } = createTailnetMachines();
    await startServe({ ...chat, args: [...args, family] });
    expect(listeningOn(chat)).toEqual([address, ...OWN.split(" and ")].toSorted());
  });

  test("NS-2 without tailscaled it follows the interfaces: an address that goes away, comes back, comes in another form", async () => {
    const { chat, bob } = createTailnetMachines();
    const { program } = await startServe({ ...chat, args });
    removeAddress(chat, "tailscale0", OWN_V4);
    expect(await program.until("Listening")).toBe(`Listening on ${V6}, and for this machine on ${OWN}.`);
    removeAddress(chat, "tailscale0", OWN_V6);
    expect(await program.until("Listening")).toMatch(
      /^Listening for this machine only, on 127\.0\.0\.1:12345 and \[::1\]:12345\. Tailscale is not running/,
    );
    addAddress(chat, "tailscale0", "100.64.0.9/10");
    expect(await program.until("Listening")).toContain("Listening on 100.64.0.9:12345,");
    expect(await greeting(bob, "100.64.0.9")).toBe("REGISTERED as operator");
  });

  test("NS-2 beside tailscaled it follows its word, and waits for the address that is promised", async () => {
    const fake = await startFakeTailscaled("tun");
    const { chat, bob } = createTailnetMachines();
    const { program } = await startServe({ ...chat, args, tailscaleSocket: fake.path });
    // As tailscaled does it: what is stopped leaves the interface, and comes back to it after the state has.
    fake.setState("Stopped");
    expect(await program.until("Listening")).toContain("Tailscale is stopped. Run: sudo tailscale up");
    expect(listeningOn(chat)).toEqual(OWN.split(" and "));
    removeAddress(chat, "tailscale0", OWN_V4);
    removeAddress(chat, "tailscale0", OWN_V6);
    fake.setState("Running");
    expect(await program.until("Listening")).toContain("Listening for this machine only");
    addAddress(chat, "tailscale0", OWN_V4);
    expect(await program.until("Listening")).toContain(`Listening on ${V4}, and`);
    addAddress(chat, "tailscale0", OWN_V6);
    expect(await program.until("Listening")).toContain(`Listening on ${V4} and ${V6},`);
    expect(await greeting(bob, "fd7a:115c:a1e0::1")).toBe("REGISTERED");
  });

  test("NS-2 sessions outlive the time in which the address is away", async () => {
    const { chat, bob } = createTailnetMachines();
    const { program } = await startServe({ ...chat, args });
    const session = dialFrom(bob, "100.64.0.1", 12345);
    session.type("REGISTER bob");
    await session.until("END PUBLICKEY");
    removeAddress(chat, "tailscale0", OWN_V4);
    await program.until("Listening");
    addAddress(chat, "tailscale0", OWN_V4);
    await program.until(V4);
    session.type("LIST");
    await session.until("CLIENT bob");
  });
});

async function socketOf(how: string): Promise<{ tailscaleSocket?: string }> {
  return how === "without tailscaled" ? {} : { tailscaleSocket: (await startFakeTailscaled("tun")).path };
}

/** What the system says that is listened on, sorted. */
function listeningOn(machine: Machine): readonly string[] {
  return machine
    .run("ss", "-tlnH")
    .trim()
    .split("\n")
    .map((row) => row.split(/\s+/)[3] ?? "")
    .toSorted();
}

/** What somebody is answered who registers from this machine. */
async function greeting(machine: Machine, address: string): Promise<string> {
  const peer = dialFrom(machine, address, 12345);
  peer.type("REGISTER somebody");
  return peer.line();
}
