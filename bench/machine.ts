import { cpus, release, totalmem, type } from "node:os";

/** Where it was measured. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
}

export function describeMachine(): Machine {
  const all = cpus();
  return {
    processor: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()} ${process.arch}`,
    node: process.version,
  };
}

interface ReportedLimits {
  readonly userLimits?: { readonly open_files?: { readonly hard: number | "unlimited" } };
}

/** How many files a process may have open here; null where nothing limits them, or nobody tells. */
export function openFilesLimit(): number | null {
  const report: ReportedLimits = process.report.getReport();
  const limit = report.userLimits?.open_files?.hard;
  return typeof limit === "number" ? limit : null;
}
