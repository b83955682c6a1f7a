import { Channels } from "./Channels.tsx";
import { FoldersFields } from "./FoldersFields.tsx";

/** What goes into the container, and what comes out of it. */
export function DataSection() {
  return (
    <>
      <Channels side="inputs" />
      <Channels side="outputs" />
      <FoldersFields />
    </>
  );
}
