// Sets the chosen theme before the first paint; "system" leaves it to the browser.
(() => {
  const theme = localStorage.getItem("dw-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
})();
