document.documentElement.className = "js opening";
