/** Pulumi.yaml: where programs and stack files are. */
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";

export interface Project {
  /** Folder of Pulumi.yaml, absolute. */
  readonly root: string;
  readonly name: string;
  /** Folder of the program, absolute. */
  readonly program: string;
  /** Folder of Pulumi.<stack>.yaml files, absolute. */
  readonly stackFiles: string;
}

/** Looks for Pulumi.yaml here and upwards, like the real CLI. */
export function findProject(from: string): Project {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, "Pulumi.yaml"))) return readProject(folder);
    if (folder === path.dirname(folder))
      throw new Error(`no Pulumi.yaml in ${path.resolve(from)} or above it; run this in the project's folder`);
  }
}

function readProject(root: string): Project {
  const yaml = parse(readFileSync(path.join(root, "Pulumi.yaml"), "utf8")) as {
    name: string;
    main?: string;
    stackConfigDir?: string;
  };
  return {
    root,
    name: yaml.name,
    program: path.resolve(root, yaml.main ?? "."),
    stackFiles: path.resolve(root, yaml.stackConfigDir ?? "."),
  };
}
