import { Button, type ButtonProps } from "antd";
import { useHref, useLinkClickHandler } from "react-router";

/** A link to a page of the console that looks like a button. */
export function ButtonLink({ to, ...props }: { to: string } & Omit<ButtonProps, "href" | "onClick">) {
  const href = useHref(to);
  const go = useLinkClickHandler<HTMLElement & HTMLAnchorElement>(to);
  return <Button {...props} href={href} onClick={go} />;
}
