import { Button, Tooltip } from "antd";
import type { ReactNode } from "react";
import { ButtonLink } from "./ButtonLink.tsx";

type RowActionProps = {
  icon: ReactNode;
  /** What it does. */
  title: string;
  /** The same with the name of what the row is, for who does not see the row. */
  label: string;
  danger?: boolean;
} & (
  | { onClick: () => void }
  /** A page of the console. */
  | { to: string }
  /** A file: its address, and the name to save it under. */
  | { href: string; download: string | true }
);

/** An action of a row: an icon that says on hover what it does. */
export function RowAction({ icon, title, label, danger = false, ...does }: RowActionProps) {
  const looks = { type: "text", size: "small", icon, danger, "aria-label": label } as const;
  return (
    <Tooltip title={title}>
      {"to" in does ? <ButtonLink {...looks} to={does.to} /> : <Button {...looks} {...does} />}
    </Tooltip>
  );
}
