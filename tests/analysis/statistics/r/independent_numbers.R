# Made the numbers in independent_numbers.json: Rscript independent_numbers.R game.csv > independent_numbers.json
# R 4.2, survival, lme4, MASS, qvcalc, coin. Data sets come with R, MASS and lme4; Game from mlogit.
suppressMessages({library(survival); library(lme4); library(MASS); library(qvcalc)})
options(digits = 15)
show <- function(name, x) cat(sprintf('  "%s": [%s],\n', name, paste(sprintf("%.12g", as.numeric(x)), collapse = ", ")))
cat("{\n")
game <- read.csv(commandArgs(TRUE)[1])
top <- function(rows, depth) {  # one stratum per choice, exploded
  out <- NULL; stage <- 0
  for (i in seq_len(nrow(rows))) { left <- names(rows)
    for (d in seq_len(depth)) { stage <- stage + 1
      best <- names(rows)[which(rows[i, ] == d)]
      out <- rbind(out, data.frame(person = i, stage = stage, item = left, chosen = as.integer(left == best)))
      left <- setdiff(left, best) } }
  out$item <- relevel(factor(out$item), ref = "GameBoy"); out }
for (depth in c(5, 2)) {
  data <- top(game, depth)
  fit <- coxph(Surv(rep(1, nrow(data)), chosen) ~ item + strata(stage), data = data, cluster = person, method = "breslow")
  show(paste0("game_coef_", depth), coef(fit))
  show(paste0("game_se_", depth), sqrt(diag(fit$naive.var)))
  show(paste0("game_robust_", depth), sqrt(diag(fit$var)))
  show(paste0("game_loglik_", depth), fit$loglik[2]) }
# Friedman with ties, Wilcoxon with ties (exact from coin), signed differences of integers
set.seed(7); scores <- matrix(sample(0:12, 30 * 4, replace = TRUE), 30)
show("friedman_data", t(scores)); f <- friedman.test(scores); show("friedman", c(f$statistic, f$p.value))
suppressMessages(library(coin))
d <- scores[, 1] - scores[, 2]
show("wilcoxon_V", suppressWarnings(wilcox.test(scores[, 1], scores[, 2], paired = TRUE)$statistic))
w <- wilcoxsign_test(scores[, 1] ~ scores[, 2], distribution = "exact", zero.method = "Wilcoxon")
show("wilcoxon_exact_p", pvalue(w))
set.seed(8); big <- sample(-9:11, 120, replace = TRUE); show("wilcoxon_big_data", big)
b <- suppressWarnings(wilcox.test(big, exact = FALSE, correct = FALSE)); show("wilcoxon_big", c(b$statistic, b$p.value))
show("holm", p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.5, 0.04), "holm"))
# crossed random effects: Penicillin, balanced: REML equals the analysis of variance where no component is negative
m <- lmer(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin)
show("penicillin", Penicillin$diameter)
show("penicillin_fit", c(fixef(m), sqrt(vcov(m)[1, 1]), as.data.frame(VarCorr(m))$vcov))
ships.fit <- glm(incidents ~ type + year + period + offset(log(service)), quasipoisson, ships2 <- within(subset(ships, service > 0),
  {year <- factor(year); period <- factor(period)}))
q <- qvcalc(ships.fit, "type"); show("ships_covariance", rbind(0, cbind(0, vcov(ships.fit)[2:5, 2:5]))); show("ships_qv", q$qvframe$quasiVar)
cat('  "note": ["made by independent_numbers.R"]\n}\n')
