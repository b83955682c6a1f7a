import { MenuOutlined } from "@ant-design/icons";
import { Button, Drawer } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, Outlet, useLocation } from "react-router";
import { useSession } from "../api/session.tsx";
import { Boundary } from "../shared/Boundary.tsx";
import { UploadDock } from "../storage/UploadDock.tsx";
import styles from "./Frame.module.css";
import { Hotkeys } from "./Hotkeys.tsx";
import { PLACES } from "./navigation.tsx";
import { TopBar } from "./TopBar.tsx";

/** The house around every page: side bar (a drawer on narrow screens), top bar, content. */
export function Frame() {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const [isOpen, setOpen] = useState(false);
  return (
    <div className={styles.frame}>
      <aside className={styles.side}>
        <Brand />
        <Navigation />
      </aside>
      <header className={styles.top}>
        <Button
          className={styles.burger}
          type="text"
          icon={<MenuOutlined />}
          aria-label={t("shell.menu")}
          onClick={() => setOpen(true)}
        />
        <TopBar />
      </header>
      <Drawer
        placement="left"
        size={248}
        open={isOpen}
        onClose={() => setOpen(false)}
        title={<Brand />}
        styles={{ body: { padding: 0 } }}
      >
        <Navigation onChosen={() => setOpen(false)} />
      </Drawer>
      <main id="content" className={styles.content} tabIndex={-1}>
        <Boundary name={pathname}>
          <Outlet />
        </Boundary>
      </main>
      <UploadDock />
      <Hotkeys />
    </div>
  );
}

function Brand() {
  return (
    <Link to="/" className={styles.brand}>
      <img src="/console/icon.svg" alt="" width={22} height={22} />
      Trainwright
    </Link>
  );
}

function Navigation({ onChosen }: { onChosen?: () => void }) {
  const { t } = useTranslation();
  const { may } = useSession();
  const { pathname } = useLocation();
  const isHere = (path: string) =>
    path === "/" ? pathname === "/" : pathname === path || pathname.startsWith(`${path}/`);
  return (
    <nav aria-label={t("shell.menu")} className={styles.nav}>
      {PLACES.map(({ group, places }) => {
        const visible = places.filter((place) => !place.needs || may(place.needs));
        if (visible.length === 0) return null;
        return (
          <div key={group} className={styles.group}>
            {group ? <div className={styles.groupName}>{t(`shell.group.${group}`)}</div> : null}
            {visible.map((place) => (
              <Link
                key={place.path}
                to={place.path}
                className={styles.place}
                aria-current={isHere(place.path) ? "page" : undefined}
                onClick={onChosen}
              >
                {place.icon}
                <span>{t(`shell.nav.${place.name}`)}</span>
              </Link>
            ))}
          </div>
        );
      })}
    </nav>
  );
}
