import { describe, expect, test } from "vitest";
import { isOurHost } from "./host-names.ts";

const ours = { names: ["chat.tail1234.ts.net", "chat"], addresses: ["100.64.0.1", "fd7a:115c:a1e0::1"] };

describe("the Host header", () => {
  test.each([
    "chat",
    "CHAT:12345",
    "chat.tail1234.ts.net",
    "chat.tail1234.ts.net.:80",
    "100.64.0.1:12345",
    "[fd7a:115c:a1e0::1]:12345",
    "localhost:12345",
    "localhost.",
    "LOCALHOST.:12345",
    "127.0.0.1",
    "[::1]:12345",
  ])("SE-2 %s is ours", (host) => expect(isOurHost(host, ours)).toBe(true));

  test.each([
    undefined,
    "",
    "evil.example",
    "chat.evil.example",
    "100.64.0.2",
    "chat:12345:1",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "fd7a:115c:a1e0::1",
    "chat/",
    "user@chat",
  ])("SE-2 %s isn't", (host) => expect(isOurHost(host, ours)).toBe(false));
});
