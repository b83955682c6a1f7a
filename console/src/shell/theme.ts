import { type ThemeConfig, theme } from "antd";

const SHARED = {
  borderRadius: 6,
  fontSize: 14,
  controlHeight: 32,
  wireframe: false,
  // Animations of no length at all are not waited for in time by antd: what closes would stay, unseen, over the page.
  motion: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
  motionDurationMid: "0.12s",
  motionDurationSlow: "0.16s",
  fontFamily: "var(--sans)",
  fontFamilyCode: "var(--mono)",
};

/** antd in our colours. Quiet: one accent, hairlines, hardly a shadow. */
export function antTheme(dark: boolean): ThemeConfig {
  return {
    cssVar: { key: "tw" },
    algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      ...SHARED,
      colorPrimary: dark ? "#0c7d99" : "#0e7490",
      colorLink: dark ? "#4cc3dc" : "#0e7490",
      colorInfo: dark ? "#4cc3dc" : "#0e7490",
      colorError: dark ? "#f0655b" : "#c62828",
      colorSuccess: dark ? "#4cc26b" : "#1a7f37",
      colorWarning: dark ? "#e3b341" : "#9a6700",
      colorText: dark ? "#e4e9ef" : "#1b2430",
      colorTextSecondary: dark ? "#98a4b3" : "#5b6675",
      colorTextDescription: dark ? "#98a4b3" : "#5b6675",
      colorTextTertiary: dark ? "#8d99a8" : "#66717f",
      colorTextPlaceholder: dark ? "#8d99a8" : "#66717f",
      // What is pointed at gets darker: lighter, as antd would have it, white words on it could not be read.
      colorPrimaryHover: dark ? "#0a6f88" : "#0b6079",
      colorPrimaryActive: dark ? "#085f75" : "#094f63",
      colorErrorHover: dark ? "#f58a82" : "#ab1f1f",
      colorLinkHover: dark ? "#7ad6ea" : "#0a566b",
      // antd derives these from the colours above, and too dark ones from dark ones.
      colorPrimaryBg: dark ? "#10313a" : "#e3f2f6",
      colorInfoBg: dark ? "#10313a" : "#e9f5f8",
      colorInfoBorder: dark ? "#1d5563" : "#b5dbe4",
      colorErrorBg: dark ? "#331a1a" : "#fdeeec",
      colorErrorBorder: dark ? "#6b2c2a" : "#f2bdb8",
      colorWarningBg: dark ? "#2f2714" : "#fdf5e0",
      colorWarningBorder: dark ? "#5f4d1c" : "#ecd9a3",
      colorSuccessBg: dark ? "#14301d" : "#e9f6ed",
      colorSuccessBorder: dark ? "#225c34" : "#b4dfc1",
      colorBgContainer: dark ? "#161b21" : "#ffffff",
      colorBgLayout: dark ? "#0e1216" : "#f5f7f9",
      colorBgElevated: dark ? "#1c2229" : "#ffffff",
      colorBorder: dark ? "#3a4450" : "#cdd4dc",
      colorBorderSecondary: dark ? "#2a323c" : "#e3e7ec",
    },
    components: {
      Table: {
        cellPaddingBlockMD: 5,
        cellPaddingInlineMD: 10,
        headerSplitColor: "transparent",
        // Light enough for phases and best values to be read on them.
        rowSelectedBg: dark ? "#10313a" : "#f1f8fa",
        rowSelectedHoverBg: dark ? "#143d48" : "#e9f4f7",
      },
      Tooltip: { fontSize: 12 },
      // What the dark algorithm makes of the red is too dark for words, and for white ones on it.
      ...(dark ? { Button: { colorError: "#f87f76", dangerColor: "#1b0d0c" } } : {}),
      Tabs: dark ? { itemSelectedColor: "#4cc3dc", itemHoverColor: "#4cc3dc", inkBarColor: "#4cc3dc" } : {},
    },
  };
}
