#!/usr/bin/env node
// The one executable, `padserve` and `pad`. Plain JavaScript of an old kind, so that any Node can read it and say
// what is needed; everything else is behind an import.
"use strict";

var fs = require("fs");
var path = require("path");

var needed = [24, 15];
var version = process.versions.node.split(".").map(Number);
var newEnough = version[0] > needed[0] || (version[0] === needed[0] && version[1] >= needed[1]);

if (!newEnough) {
  process.stderr.write(
    "padserve needs Node.js " +
      needed.join(".") +
      " or later; this is " +
      process.versions.node +
      " (" +
      process.execPath +
      ").\n" +
      "Install a current one from https://nodejs.org/ or with your package manager. In a checkout, `npm ci` brings one along:\n" +
      "run `npm start` or `npm run pad -- ...` there. (If npm skipped its install script, run `npm rebuild node`.)\n",
  );
  process.exitCode = 2;
} else {
  var source = path.join(__dirname, "..", "src", "bin", "main.ts");
  var built = path.join(__dirname, "..", "dist", "bin", "main.js");
  // A checkout runs its sources: what was built there may be stale. The published package has no sources.
  var isCheckout = fs.existsSync(source);
  var entry = isCheckout ? source : built;
  // Taking the types out at every start costs more than all that a short command does.
  if (isCheckout) {
    require("module").enableCompileCache(path.join(__dirname, "..", "node_modules", ".cache", "padserve"));
  }
  import(require("url").pathToFileURL(entry).href).then(
    function (main) {
      return main.main(process.argv.slice(2));
    },
    function (error) {
      process.stderr.write(
        "padserve is not completely installed: " +
          error.message +
          "\nInstall it again, or run `npm ci` in the checkout.\n",
      );
      process.exitCode = 2;
    },
  );
}
