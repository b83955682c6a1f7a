/** The folders of a job's container as a tree. Pure. */
export interface TreeFolder {
  kind: string;
  name?: string | undefined;
  path: string;
  uri?: string | undefined;
  fetched?: boolean | undefined;
}

export interface TreeLine {
  depth: number;
  /** From the line above it on: `home/ma-user/modelarts/`. */
  label: string;
  folder: TreeFolder | null;
}

interface Node {
  folder: TreeFolder | null;
  children: Map<string, Node>;
}

/** A line for each folder and for each place where paths part; runs of single folders are one line. */
export function treeOf(folders: readonly TreeFolder[]): TreeLine[] {
  const root: Node = { folder: null, children: new Map() };
  for (const folder of folders) {
    let at = root;
    for (const segment of folder.path.split("/").filter(Boolean)) {
      let next = at.children.get(segment);
      if (next === undefined) {
        next = { folder: null, children: new Map() };
        at.children.set(segment, next);
      }
      at = next;
    }
    at.folder = folder;
  }
  const lines: TreeLine[] = [];
  walk(root, "/", 0, lines);
  return lines;
}

function walk(node: Node, before: string, depth: number, lines: TreeLine[]): void {
  const [only] = node.children;
  if (node.folder === null && node.children.size === 1 && only !== undefined) {
    walk(only[1], `${before}${only[0]}/`, depth, lines);
    return;
  }
  if (node.folder === null && node.children.size === 0) return;
  lines.push({ depth, label: before, folder: node.folder });
  for (const [segment, child] of node.children) walk(child, `${segment}/`, depth + 1, lines);
}
