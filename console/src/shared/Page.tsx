import { type ReactNode, useEffect } from "react";
import styles from "./Page.module.css";

interface PageProps {
  title: string;
  /** Beside the title: a phase, an id. */
  aside?: ReactNode;
  /** Above the title: where one comes from. */
  above?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  /** Fills the window's height; its content scrolls by itself. */
  full?: boolean;
}

/** The frame of every page: its title (the window's, too), its actions, its content. */
export function Page({ title, aside, above, actions, children, full = false }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Trainwright`;
  }, [title]);
  return (
    <div className={styles.page} data-full={full || undefined}>
      <header className={styles.head}>
        {above ? <div className={styles.above}>{above}</div> : null}
        <div className={styles.line}>
          <h1 className={styles.title}>{title}</h1>
          {aside}
          <div className={styles.actions}>{actions}</div>
        </div>
      </header>
      <div className={styles.body}>{children}</div>
    </div>
  );
}

/** A block of a page with a heading of its own. */
export function Section({
  title,
  extra,
  children,
}: {
  title?: ReactNode;
  extra?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={styles.section}>
      {title || extra ? (
        <div className={styles.sectionHead}>
          <h2>{title}</h2>
          {extra}
        </div>
      ) : null}
      {children}
    </section>
  );
}
