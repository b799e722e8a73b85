// Sets the chosen theme before the first paint; a blocking script, because a late one would flash.
document.documentElement.dataset.theme = localStorage.getItem("platz.theme") || "system";
