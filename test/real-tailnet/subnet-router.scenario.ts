import { expect } from "vitest";
import { dialFrom } from "./dial.ts";
import { PORT } from "./node.ts";
import { join, namesAt, test, visit } from "./scene.ts";

const LAN = "192.168.77.0/24";

test("RT-20 through a subnet router with source NAT everybody is the router, a machine, and not its owner", async ({
  tailnet,
  chat,
  alice,
}) => {
  const router = await tailnet.join("router", { user: "alice", routes: [LAN] });
  const printer = tailnet.network.addHost("printer");
  tailnet.network.connect("lan0", [router.host, "192.168.77.1/24"], [printer, "192.168.77.2/24"]);
  await router.masquerade("tailscale0");
  printer.ip("route", "add", `${chat.v4}/32`, "via", "192.168.77.1");
  const server = await chat.serve();

  // Before the route is approved the router is a node like any other of alice's.
  expect(await visit(router, "router", chat)).toBe("REGISTERED as operator");
  await tailnet.approveRoutes(router, LAN);
  await chat.until(({ Peer }) => Object.values(Peer ?? {}).some(({ PrimaryRoutes }) => PrimaryRoutes?.includes(LAN)));

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
