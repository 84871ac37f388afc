# Made the numbers in random_studies.json, see random_studies.py. R 4.2 with survival, coin and jsonlite.
suppressMessages({library(survival); library(coin); library(jsonlite)})
all <- read.csv(commandArgs(TRUE)[1], colClasses = "character", na.strings = character(0))
found <- list()
for (name in unique(all$study)) {
  d <- all[all$study == name, ]; keys <- strsplit(d$keys[1], ";")[[1]]; k <- length(keys)
  w <- as.numeric(c(d$w1[1], d$w2[1])); people <- sort(unique(d$participant))
  points <- sapply(keys, function(c) w[1] * (d$first == c) + w[2] * (d$second == c))
  means <- t(sapply(people, function(p) colMeans(points[d$participant == p, , drop = FALSE])))
  f <- friedman.test(round(means, 10))
  # pairs: V by wilcox.test; p exact given the midranks by coin up to 50 differences, above that normal
  pairs <- list()
  for (a in 1:(k - 1)) for (b in (a + 1):k) {
    x <- round(means[, a] - means[, b], 10); x <- x[x != 0]; zero <- 0 * x
    w1 <- suppressWarnings(wilcox.test(x, exact = FALSE, correct = FALSE))
    p <- if (length(x) > 50) w1$p.value else as.numeric(pvalue(wilcoxsign_test(x ~ zero, distribution = "exact", zero.method = "Wilcoxon")))
    t <- t.test(means[, a], means[, b], paired = TRUE)
    pairs[[length(pairs) + 1]] <- c(unname(w1$statistic), p, unname(t$estimate), t$conf.int) }
  pairs <- do.call(rbind, pairs)
  # Plackett-Luce: one stratum a choice, errors clustered by person; the last condition is the reference
  rows <- list(); stage <- 0
  for (i in seq_len(nrow(d))) { left <- keys
    for (choice in c(d$first[i], d$second[i])) { if (choice == "" || length(left) < 2) break
      stage <- stage + 1
      rows[[stage]] <- data.frame(person = d$participant[i], stage = stage, item = left, chosen = as.integer(left == choice))
      left <- setdiff(left, choice) } }
  long <- do.call(rbind, rows); long$item <- relevel(factor(long$item, levels = keys), ref = keys[k])
  fit <- coxph(Surv(rep(1, nrow(long)), chosen) ~ item + strata(stage), data = long, cluster = person, method = "breslow",
    control = coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 60))
  r <- list(points = unname(colSums(points)), mean_points = unname(colMeans(means)), friedman = c(unname(f$statistic), f$p.value),
    pairs = unname(pairs), holm = p.adjust(pairs[, 2], "holm"), log_worth = unname(coef(fit)), se = unname(sqrt(diag(fit$naive.var))),
    se_robust = unname(sqrt(diag(fit$var))), loglik = fit$loglik[2])
  if (name == "complete") { # mean squares of the two-way analysis of variance, for each contrast of points
    contrasts <- list(redefined = c(1, 1, -1, -1), sentence = c(-1, 1, -1, 1), interaction = c(-1, 1, 1, -1))
    r$mean_squares <- lapply(contrasts, function(contrast) {
      d$y <- as.numeric(points %*% contrast); c(mean(d$y), anova(lm(y ~ participant + clip, d))$`Mean Sq`) }) }
  found[[name]] <- r }
for (name in names(found)) found[[name]] <- toJSON(found[[name]], digits = 13, auto_unbox = TRUE)
cat("{\n", paste(sprintf("\"%s\": %s", names(found), found), collapse = ",\n"), "\n}\n", sep = "")
