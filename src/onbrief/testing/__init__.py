"""Testing support for applications that use onbrief."""

from onbrief.testing.memory import memory_ledger as memory_ledger
from onbrief.testing.memory import memory_store as memory_store
from onbrief.testing.scripted import Bill as Bill
from onbrief.testing.scripted import ImageRequest as ImageRequest
from onbrief.testing.scripted import ImageScript as ImageScript
from onbrief.testing.scripted import JudgeRequest as JudgeRequest
from onbrief.testing.scripted import JudgeScript as JudgeScript
from onbrief.testing.scripted import PlanRequest as PlanRequest
from onbrief.testing.scripted import PlanScript as PlanScript
from onbrief.testing.scripted import ReviseRequest as ReviseRequest
from onbrief.testing.scripted import ReviseScript as ReviseScript
from onbrief.testing.scripted import Script as Script
from onbrief.testing.scripted import ScriptedImageModel as ScriptedImageModel
from onbrief.testing.scripted import ScriptedJudge as ScriptedJudge
from onbrief.testing.scripted import ScriptedPlanner as ScriptedPlanner
from onbrief.testing.scripted import ScriptedReviser as ScriptedReviser
from onbrief.testing.scripted import crew as crew
from onbrief.testing.scripted import picture as picture
