import { expect } from "vitest";
import { dialFrom } from "./dial.ts";
import { PORT, type TailnetNode } from "./node.ts";
import { join, namesAt, test, visit } from "./scene.ts";
import type { Tailnet } from "./tailnet.ts";

test("RT-20 through a subnet router with source NAT everybody is the router, a machine, and not its owner", async ({
  tailnet,
  chat,
  alice,
}) => {
  const { router, printer, lan } = await startLan(tailnet, "router", 77, chat);
  await router.masquerade("tailscale0");
  const server = await chat.serve();

  // Before the route is approved the router is a node like any other of alice's.
  expect(await visit(router, "router", chat)).toBe("REGISTERED as operator");
  await approve(tailnet, router, lan, chat);

  const behind = dialFrom(printer, chat.v4, PORT);
  expect(await behind.setUp("printer")).toBe("REGISTERED");
  expect(await behind.ask("LISTBANS")).toBe("ERROR Not authorized as operator");
  expect(await visit(router, "other", chat)).toBe("REGISTERED");
  expect(await namesAt(chat, server)).toEqual({
    router: "alice@example.com",
    printer: "machine router",
    other: "machine router",
  });

  const operator = await join(alice, "alice", chat);
  expect(await operator.ask("BAN printer")).toBe("SUCCESS Banned client printer");
  expect(await behind.closed()).toEqual(["BANNED You have been banned by the operator"]);
  expect(await operator.ask("LIST")).toBe("BEGIN_RESPONSE");
});

test("RT-20 without source NAT they are nobody of this tailnet, and refused", async ({ tailnet }) => {
  const chat = await tailnet.join("accepting", { user: "alice" });
  const { router, printer, lan } = await startLan(tailnet, "plain-router", 78, chat);
  await chat.tailscale("set", "--accept-routes=true");
  await approve(tailnet, router, lan, chat);
  await chat.serve();
  const behind = dialFrom(printer, chat.v4, PORT);
  behind.say("REGISTER printer");
  expect(await behind.closed()).toEqual(["ERROR Not a member of this tailnet"]);
});

/** A router of alice's, and a printer behind it that knows the way to the server through it. */
async function startLan(tailnet: Tailnet, name: string, number: number, chat: TailnetNode) {
  const lan = `192.168.${number}`;
  const router = await tailnet.join(name, { user: "alice", routes: [`${lan}.0/24`] });
  const printer = tailnet.network.addHost(`${name}-printer`);
  tailnet.network.connect("lan0", [router.host, `${lan}.1/24`], [printer, `${lan}.2/24`]);
  printer.ip("route", "add", `${chat.v4}/32`, "via", `${lan}.1`);
  await router.forward();
  return { router, printer, lan: `${lan}.0/24` };
}

async function approve(tailnet: Tailnet, router: TailnetNode, lan: string, chat: TailnetNode): Promise<void> {
  await tailnet.approveRoutes(router, lan);
  await chat.until(({ Peer }) => Object.values(Peer ?? {}).some(({ PrimaryRoutes }) => PrimaryRoutes?.includes(lan)));
}
