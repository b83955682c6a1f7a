import { useTranslation } from "react-i18next";

const BUILT_IN = new Set(["administrator", "developer", "viewer"]);

/** The name of a role as people read it: the built-in ones in their language, a project's own as they were named. */
export function useRoleName(): (role: string) => string {
  const { t } = useTranslation();
  return (role) => (BUILT_IN.has(role) ? t(`users.roleNames.${role}`) : role);
}
