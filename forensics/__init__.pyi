from forensics.api import Results as Results
from forensics.api import Scanner as Scanner
from forensics.api import scan_file as scan_file
from forensics.api import write_report as write_report
from forensics.casefile.case_file import CaseFile as CaseFile
from forensics.errors import ForensicsError as ForensicsError
from forensics.records.scan_result import ScanResult as ScanResult
from forensics.records.verdict import Verdict as Verdict
from forensics.records.verdict import VerdictLabel as VerdictLabel

__version__: str
__all__: list[str]
