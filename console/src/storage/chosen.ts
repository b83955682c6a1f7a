/** Files as a person chose or dropped them, with the folders they came in; and what of them is there already. */
import type { ObjectItem } from "../api/objects.ts";

export interface Chosen {
  /** Below the folder it goes to: its name, or the folders that it was chosen with. */
  path: string;
  file: File;
}

/** What a file field holds; a whole folder's files know their folders. */
export function fieldFiles(files: Iterable<File>): Chosen[] {
  return [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** What was dropped, folders with all that is in them. Must be called while the event is handled. */
export async function droppedFiles(transfer: DataTransfer): Promise<Chosen[]> {
  // The list of items is emptied when the event ends: so all entries first, then their files.
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (entries.length === 0) return fieldFiles(transfer.files);
  const chosen: Chosen[] = [];
  for (const entry of entries) await gather(entry, "", chosen);
  return chosen;
}

async function gather(entry: FileSystemEntry, before: string, into: Chosen[]): Promise<void> {
  const path = before + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    into.push({ path, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A hundred at a time; an empty answer is the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return;
    for (const one of some) await gather(one, `${path}/`, into);
  }
}

interface Page {
  objects: readonly Pick<ObjectItem, "key">[];
  next_after?: string;
}
type List = (query: { prefix: string; after: string; folded: boolean }) => Promise<Page>;

const PAGES_MAX = 20;

/** Which of `paths` below `prefix` are there already. Looks at the folder and at each folder that is uploaded. */
export async function taken(prefix: string, paths: readonly string[], list: List): Promise<Set<string>> {
  const found = new Set<string>();
  const wanted = new Set(paths);
  const tops = new Set(paths.map((path) => (path.includes("/") ? path.slice(0, path.indexOf("/") + 1) : "")));
  for (const top of tops) {
    let after = "";
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const answer = await list({ prefix: prefix + top, after, folded: top === "" });
      for (const { key } of answer.objects) {
        const path = key.slice(prefix.length);
        if (wanted.has(path)) found.add(path);
      }
      after = answer.next_after ?? "";
      if (after === "") break;
    }
  }
  return found;
}
