import { useTranslation } from "react-i18next";

const BUILT_IN = ["administrator", "developer", "viewer"] as const;

interface Role {
  name: string;
  description: string;
}

/** What roles are called and what they are for: the built-in ones in the reader's language, a project's own as they
 * were written. */
export function useRoleWords(): { roleName: (role: string) => string; roleAbout: (role: Role) => string } {
  const { t } = useTranslation();
  const known = (role: string) => BUILT_IN.find((one) => one === role);
  return {
    roleName: (role) => {
      const one = known(role);
      return one ? t(`users.roleNames.${one}`) : role;
    },
    roleAbout: ({ name, description }) => {
      const one = known(name);
      return one ? t(`users.roleAbout.${one}`) : description;
    },
  };
}
