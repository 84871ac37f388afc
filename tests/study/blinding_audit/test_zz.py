import time, pytest, cProfile, pstats
from tests.factories import make_open_study
from study.blinding_audit import audit as A
from study.blinding_audit.guessing import guess
from study.models import BlindingAudit
pytestmark = pytest.mark.django_db
import os
def test_cost():
    clips=int(os.environ.get("CLIPS",12)); people=int(os.environ.get("PEOPLE",8))
    study = make_open_study(clips=clips, practice_trial=False, repeats=1, match_controls=1, attention_trials=1)
    a=BlindingAudit.objects.create(study=study, people=people)
    t=time.time(); c=time.process_time()
    seen=A.visit(a, A.trials_per_pilot(study, people), "", lambda n: None)
    print("visit", time.time()-t, time.process_time()-c)
    print({k:(len(v.places),len(v.columns),sum(1 for _ in v.varying())) for k,v in seen.tables.items()})
    t=time.time(); c=time.process_time()
    p=cProfile.Profile(); 
    if os.environ.get("PROF"): p.enable()
    g=guess(seen,4)
    p.disable()
    print("guess", time.time()-t, time.process_time()-c, g.tried)
    for v in g.leaks[:20]: print("LEAK",v)
    for v in g.best[:5]: print(v)
    for v in g.reported: print(v)
    import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1024,"MB")
    if os.environ.get("PROF"): pstats.Stats(p).sort_stats("cumtime").print_stats(35)
