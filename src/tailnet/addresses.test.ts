import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  isLoopback,
  isTailscaleAddress,
  ownAddresses,
  plainAddress,
  presentAddresses,
  tailscaleInterfaceAddresses,
} from "./addresses.ts";

test.each([
  ["100.64.0.0", true],
  ["100.127.255.255", true],
  ["100.63.255.255", false],
  ["100.128.0.0", false],
  ["100.115.91.255", true],
  ["100.115.92.0", false],
  ["100.115.93.255", false],
  ["100.115.94.0", true],
  ["fd7a:115c:a1e0::1", true],
  ["fd7a:115c:a1e0:ab12:4843:cd96:6200:1", true],
  ["fd7a:115c:a1e1::1", false],
  ["192.168.1.1", false],
  ["alice", false],
  ["", false],
])("TN-1 %s is an address of Tailscale's ranges: %s", (address, expected) => {
  expect(isTailscaleAddress(address)).toBe(expected);
});

test.each([
  ["127.0.0.1", true],
  ["127.255.0.9", true],
  ["::1", true],
  ["100.64.0.1", false],
  ["::2", false],
])("TN-1 %s is loopback: %s", (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

test("TN-2 an IPv4 address that a dual-stack socket reports as ::ffff:… is that IPv4 address", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(plainAddress(`::ffff:${address}`)).toBe(address);
      expect(plainAddress(`::FFFF:${address}`)).toBe(address);
      expect(plainAddress(address)).toBe(address);
    }),
  );
});

test("TN-2 other addresses stay what they are", () => {
  expect(plainAddress("fd7a:115c:a1e0::1")).toBe("fd7a:115c:a1e0::1");
  expect(plainAddress("::ffff:0:1")).toBe("::ffff:0:1");
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      fc.pre(!address.toLowerCase().startsWith("::ffff:"));
      expect(plainAddress(address)).toBe(address.toLowerCase());
    }),
  );
});

const interfaces = {
  lo: [{ address: "127.0.0.1" }, { address: "::1" }],
  wwan0: [{ address: "100.96.0.7" }],
  tailscale0: [{ address: "100.64.0.1" }, { address: "fd7a:115c:a1e0::1" }, { address: "fe80::1" }],
  Tailscale: [{ address: "100.64.0.9" }],
  gone: undefined,
};

test("TN-3 of the addresses that tailscaled calls ours, those count that an interface has", () => {
  expect(presentAddresses(["100.64.0.2", "fd7a:115c:a1e0::1", "100.64.0.1"], interfaces)).toEqual([
    "fd7a:115c:a1e0::1",
    "100.64.0.1",
  ]);
  expect(presentAddresses(["127.0.0.1"])).toEqual(["127.0.0.1"]);
});

test("TN-4 without LocalAPI only Tailscale's addresses on interfaces of its name count, never a carrier's 100.64/10", () => {
  expect(tailscaleInterfaceAddresses(interfaces)).toEqual(["100.64.0.1", "fd7a:115c:a1e0::1", "100.64.0.9"]);
});

test("TN-3 every address of every interface is this machine's own", () => {
  expect(ownAddresses(interfaces)).toEqual(
    new Set(["127.0.0.1", "::1", "100.96.0.7", "100.64.0.1", "fd7a:115c:a1e0::1", "fe80::1", "100.64.0.9"]),
  );
});
