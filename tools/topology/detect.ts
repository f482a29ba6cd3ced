import type { SourceName } from "./sources";
import { isObject } from "../../hardware/plain";

/** What a text is, as far as it can be told from its form; undefined when it looks like nothing known, or like broken JSON. */
export function detectSource(text: string): SourceName | undefined {
  const start = text.replace(/^\uFEFF/, "").trimStart();
  return /^[{[]/.test(start) ? sourceOfJson(start) : sourceOfText(text);
}

function sourceOfJson(text: string): SourceName | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const sample = Array.isArray(value)
    ? (value as unknown[])[0]
    : isObject(value) && Array.isArray(value.items)
      ? (value.items as unknown[])[0]
      : value;
  if (!isObject(sample)) return Array.isArray(value) || isObject(value) ? emptyList(value) : undefined;
  if (Array.isArray(sample.Instances)) return "aws";
  if (isObject(sample.metadata) || isObject(sample.labels)) return "labels";
  if (sample.resourceStatus !== undefined || sample.machineType !== undefined) return "gke";
  if (sample.hosts !== undefined || isObject(sample.cluster)) return "inventory";
  const values = Object.values(sample);
  return values.length > 0 &&
    values.every((each) => typeof each === "string" && (each === "" || /^\/?[^/\s]+\/[^/\s]+\/[^/\s]+\/?$/.test(each)))
    ? "gke"
    : undefined;
}

/** `kubectl get nodes` of an empty cluster. */
function emptyList(value: unknown): SourceName | undefined {
  return isObject(value) && value.kind === "List" ? "labels" : undefined;
}

function sourceOfText(text: string): SourceName | undefined {
  if (/^(Ca|Switch|Rt)\s+\d+\s+"/m.test(text) || /^vendid=0x/m.test(text)) return "ibnetdiscover";
  if (/^\s*(SwitchName|BlockName|BlockSizes)\s*=/im.test(text)) return "slurm";
  if (/^(config|hosts|cluster|encryptionsalt)\s*:/m.test(text)) return "inventory";
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.length > 0 &&
    lines.every((line) => /^\s*\S+(\s+\/?[^/\s]+\/[^/\s]+\/[^/\s]+\/?)?\s*$/.test(line)) &&
    lines.some((line) => line.includes("/"))
    ? "gke"
    : undefined;
}
