import { expect, test } from "vitest";
import { homeFolder } from "./home-folder.ts";

test("CF-15 a home is the environment's, else the system's; a user whom the system doesn't know has none", () => {
  expect(homeFolder({ HOME: "/home/a" }, () => "/root")).toBe("/home/a");
  expect(homeFolder({ HOME: "" }, () => "/root")).toBe("/root");
  expect(homeFolder({}, unknown)).toBeNull();
  expect(homeFolder({}, () => "")).toBeNull();
});

function unknown(): string {
  throw new Error("uv_os_homedir returned ENOENT (no such file or directory)");
}
